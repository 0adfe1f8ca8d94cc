import { createHash } from 'node:crypto';

/** All reasons why migrations cannot be applied, one line each: `0002-add-total.sql:3: …`. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';

  constructor(
    readonly problems: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      problems.length === 1
        ? problems[0]
        : `${problems.length} problems with migrations:\n${problems.map((line) => `  ${line}`).join('\n')}`,
      options,
    );
  }
}

export interface MigrationFile {
  file: string;
  sql: string;
}

export interface Migration extends MigrationFile {
  /** Starts at 1, without gaps. */
  number: number;
  /** SHA-256 of the text, independent of its line ends. */
  checksum: string;
  /** False if the first line is `-- no-transaction`, which `CREATE INDEX CONCURRENTLY` needs. */
  inTransaction: boolean;
}

export interface AppliedMigration {
  number: number;
  file: string;
  checksum: string;
  /** False if the file was started and never recorded as finished. */
  isFinished: boolean;
}

export interface MigrationPlan {
  pending: Migration[];
  /** Applied files that are newer than all files here. */
  ahead: string[];
}

const FILE_NAME = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/;
const NO_TRANSACTION = /^--[ \t]*no-transaction[ \t]*\r?$/m;

/** @throws {MigrationError} with all invalid names, duplicates, gaps and empty files. */
export function parseMigrations(files: readonly MigrationFile[]): Migration[] {
  const problems: string[] = [];
  const migrations: Migration[] = [];
  for (const { file, sql } of files) {
    const number = Number(FILE_NAME.exec(file)?.[1] ?? 0);
    if (number === 0) {
      problems.push(`${file}: must be named like 0001-create-orders.sql, from 0001`);
      continue;
    }
    if (sql.trim() === '') problems.push(`${file}: is empty`);
    const checksum = createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
    const inTransaction = !NO_TRANSACTION.test(sql.split('\n', 1).join(''));
    migrations.push({ file, sql, number, checksum, inTransaction });
  }
  migrations.sort((a, b) => a.number - b.number);
  migrations.forEach(({ file, number }, index) => {
    const before = migrations[index - 1];
    if (number === before?.number) {
      problems.push(`${file}: has the number of ${before.file}; give it the next free one`);
    } else if (number !== (before?.number ?? 0) + 1) {
      problems.push(`${file}: ${pad((before?.number ?? 0) + 1)} is missing before it`);
    }
  });
  if (problems.length > 0) throw new MigrationError(problems);
  return migrations;
}

/** @throws {MigrationError} with all differences between the applied files and those here. */
export function planMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): MigrationPlan {
  const problems: string[] = [];
  const byNumber = new Map(applied.map((one) => [one.number, one]));
  const last = Math.max(0, ...byNumber.keys());
  const pending: Migration[] = [];
  for (const { isFinished, file } of applied) {
    if (isFinished) continue;
    problems.push(
      `${file}: started but did not finish, so part of it may be in the database; correct that by hand,  ` +
        `then set its finished_at in chassis_migrations, or delete its row to apply it again`,
    );
  }
  for (const migration of migrations) {
    const { file, number } = migration;
    const done = byNumber.get(number);
    if (!done) {
      if (number < last) {
        problems.push(`${file}: is not applied, but later ones are; give it the next free number`);
      }
      pending.push(migration);
    } else if (done.file !== file) {
      problems.push(`${file}: was applied under the name ${done.file}; give it that name again`);
    } else if (done.checksum !== migration.checksum) {
      problems.push(
        `${file}: was changed after it was applied; undo that, and put the change into a new file`,
      );
    }
  }
  if (problems.length > 0) throw new MigrationError(problems);
  const ahead = applied.filter(({ number }) => number > migrations.length);
  return { pending, ahead: ahead.map(({ file }) => file) };
}

function pad(number: number): string {
  return String(number).padStart(4, '0');
}
