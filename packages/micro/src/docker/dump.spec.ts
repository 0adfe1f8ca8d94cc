import { describe, expect, it } from 'vitest';
import { DATABASE_ENGINES } from '../platform/datastore';
import { databaseOf, DUMP_TOOLS, isNewerRelease } from './dump';

describe.each(DATABASE_ENGINES)('%s', (engine) => {
  const { version, dump, restore } = DUMP_TOOLS[engine];

  it.each(Object.entries({ version, dump, restore }))(
    'passes no password as an argument: %s',
    (_, script) => {
      const arguments_ = script
        .replace(/^export .*$/gm, '')
        // A file that only the program reads.
        .replace(/<\(.*?\)/g, '');
      expect(arguments_).not.toContain('PASSWORD');
    },
  );
});

/** What tells that a dump came to its end, and leaves time to fetch it. */
const END = ' &&\n  printf %s "$0" && { read -r -t 600 || true; }';

it('dumps as one snapshot', () => {
  expect(DUMP_TOOLS.postgres.dump).toBe(
    `export PGPASSWORD="$POSTGRES_PASSWORD" PGUSER="\${POSTGRES_USER:-postgres}"
export PGDATABASE="\${POSTGRES_DB:-$PGUSER}"
pg_dump --no-password --format=custom${END}`,
  );
  expect(DUMP_TOOLS.mariadb.dump).toBe(
    `export MYSQL_PWD="\${MARIADB_PASSWORD:-$MYSQL_PASSWORD}"
mariadb-dump --host=127.0.0.1 --protocol=tcp --user="\${MARIADB_USER:-$MYSQL_USER}" --default-character-set=utf8mb4 --single-transaction --quick --routines --triggers --events \\
  --hex-blob --no-tablespaces --add-drop-database --databases "\${MARIADB_DATABASE:-$MYSQL_DATABASE}"${END}`,
  );
  expect(DUMP_TOOLS.mysql.dump).toMatch(/^mysqldump .*--single-transaction/m);
});

it('commits a restore of PostgreSQL only after the whole dump was read', () => {
  const { restore, isAtomic } = DUMP_TOOLS.postgres;
  expect(restore).toMatch(/^BEGIN;$/m);
  expect(restore.match(/COMMIT/g)).toHaveLength(1);
  expect(restore).toContain("pg_restore --clean --if-exists --file=- && cat <<'SQL'\n");
  expect(restore).toContain('\n\\endif\nCOMMIT;\nSQL\n} |\n');
  expect(isAtomic).toBe(true);
});

it('restores into a new server, where no deploy has made the accounts yet', () => {
  expect(DUMP_TOOLS.postgres.restore.indexOf('CREATE ROLE %I NOLOGIN')).toBeLessThan(
    DUMP_TOOLS.postgres.restore.indexOf('pg_restore'),
  );
  expect(DUMP_TOOLS.mariadb.restore).toContain(
    `--user=root --execute="GRANT ALL PRIVILEGES ON *.* TO '\${MARIADB_USER:-$MYSQL_USER}'@'%' WITH GRANT OPTION"`,
  );
});

it.each([
  ['postgres', { POSTGRES_DB: 'shop', POSTGRES_USER: 'orders' }, 'shop'],
  ['postgres', { POSTGRES_USER: 'orders' }, 'orders'],
  ['mariadb', { MYSQL_DATABASE: 'orders' }, 'orders'],
  ['mysql', { MYSQL_DATABASE: '' }, undefined],
  ['mongodb', { MONGO_INITDB_DATABASE: 'orders' }, 'orders'],
] as const)('the database of %s with %j is %s', (engine, environment, database) => {
  expect(databaseOf(engine, environment)).toBe(database);
});

it.each([
  ['postgres', '17.5 (Debian 17.5-1)', '17.2', false],
  ['postgres', '17.5', '15.18', true],
  ['postgres', '15.18', '17.5', false],
  ['mariadb', '11.4.5-MariaDB-ubu2404', '10.11.18-MariaDB', true],
  ['mariadb', '10.11.18-MariaDB', '10.11.6-MariaDB', false],
  ['mysql', '8.4.1', '8.0.40', true],
  ['mongodb', '8.0.1', '8.0.0', false],
] as const)('%s: a dump of %s does not fit %s: %s', (engine, from, to, expected) => {
  expect(isNewerRelease(engine, from, to)).toBe(expected);
});
