import { describe, expect, it } from 'vitest';
import {
  parseMigrations,
  planMigrations,
  type AppliedMigration,
  type MigrationFile,
} from './migration-plan.js';

const create: MigrationFile = { file: '0001-create-orders.sql', sql: 'CREATE TABLE orders ();' };
const add: MigrationFile = { file: '0002-add-total.sql', sql: 'ALTER TABLE orders …;' };
const index: MigrationFile = { file: '0003-index.sql', sql: '-- no-transaction\nCREATE INDEX …;' };

function applied(...files: MigrationFile[]): AppliedMigration[] {
  return parseMigrations(files).map(({ number, file, checksum }) => ({
    number,
    file,
    checksum,
    isFinished: true,
  }));
}

describe('parseMigrations', () => {
  it('sorts the files', () => {
    const parsed = parseMigrations([add, index, create]);
    expect(parsed.map(({ number, inTransaction }) => [number, inTransaction])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
  });

  it('reports all problems of the files together', () => {
    const files = [
      { file: '0000-zero.sql', sql: 'x' },
      { file: '0002-b.sql', sql: 'x' },
      { file: '0002-c.sql', sql: ' \n' },
      { file: '0005-d.sql', sql: 'x' },
      { file: '6-e.sql', sql: 'x' },
      { file: '0007_F.SQL', sql: 'x' },
    ];
    expect(() => parseMigrations(files)).toThrow(
      [
        '7 problems with migrations:',
        '0000-zero.sql: must be named like 0001-create-orders.sql, from 0001',
        '0002-c.sql: is empty',
        '6-e.sql: must be named like 0001-create-orders.sql, from 0001',
        '0007_F.SQL: must be named like 0001-create-orders.sql, from 0001',
        '0002-b.sql: 0001 is missing before it',
        '0002-c.sql: has the number of 0002-b.sql; give it the next free one',
        '0005-d.sql: 0003 is missing before it',
      ].join('\n  '),
    );
  });

  it('recognises a file with other line ends', () => {
    const [unix] = parseMigrations([{ ...create, sql: 'a\nb\n' }]);
    const [windows] = parseMigrations([{ ...create, sql: 'a\r\nb\r\n' }]);
    expect(windows?.checksum).toBe(unix?.checksum);
  });

  it('reads the marker in the first line only', () => {
    const inTransaction = (sql: string) => parseMigrations([{ ...create, sql }])[0]?.inTransaction;
    expect(inTransaction('-- no-transaction\r\nCREATE …')).toBe(false);
    expect(inTransaction('-- a comment\n-- no-transaction\n')).toBe(true);
    expect(inTransaction('-- no-transactions here\n')).toBe(true);
  });
});

describe('planMigrations', () => {
  const all = parseMigrations([create, add, index]);
  const pending = (...done: MigrationFile[]) =>
    planMigrations(all, applied(...done)).pending.map(({ number }) => number);

  it('applies files that are not applied yet', () => {
    expect(pending()).toEqual([1, 2, 3]);
    expect(pending(create)).toEqual([2, 3]);
    expect(pending(create, add, index)).toEqual([]);
  });

  it('accepts files that a newer version applied, so that an older version can run again', () => {
    const plan = planMigrations(parseMigrations([create]), applied(create, add));
    expect(plan).toEqual({ pending: [], ahead: ['0002-add-total.sql'] });
  });

  it('reports all differences together', () => {
    const done = applied({ ...create, sql: 'changed' }, { ...add, file: '0002-other.sql' }, index);
    expect(() => planMigrations(all, done)).toThrow(
      '2 problems with migrations:\n' +
        '  0001-create-orders.sql: was changed after it was applied; undo that, and put the change into a new file\n' +
        '  0002-add-total.sql: was applied under the name 0002-other.sql; give it that name again',
    );
  });

  it('refuses a file that sorts before applied ones', () => {
    const done = applied(create, add, index).filter(({ number }) => number !== 2);
    expect(() => planMigrations(all, done)).toThrow(
      '0002-add-total.sql: is not applied, but later ones are; give it the next free number',
    );
  });

  it('stops if an earlier run ended halfway', () => {
    const done = applied(create, add).map((one) => ({ ...one, isFinished: one.number === 1 }));
    expect(() => planMigrations(all, done)).toThrow(
      '0002-add-total.sql: started but did not finish',
    );
  });
});
