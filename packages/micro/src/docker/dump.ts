import type { DatabaseEngine } from '../platform/datastore';
import { HAND_OVER_TO_OWNER } from '../platform/postgres-accounts';

/** How an engine's data is taken out of its container and put back, with the image's own programs. */
export interface DumpTools {
  /** What a dump's file name ends with. */
  extension: string;
  /** Script that prints the server's version. */
  version: string;
  /**
   * Script that writes the dump to its standard output, and behind a whole one its own name, `$0`. It then goes on until
   * its standard input ends: the engine drops what nobody has fetched two seconds after a program ended, and says nothing.
   */
  dump: string;
  /** Script that reads a dump from its standard input; what was there before goes. */
  restore: string;
  /** How a whole dump ends, if `restore` takes one that breaks off without an error. */
  end?: RegExp;
  /** Whether a restore that fails leaves what was there. */
  isAtomic: boolean;
}

/**
 * Begins the one transaction of a restore, which is committed only after pg_restore read the dump to
 * its end: a dump that breaks off leaves what was there. `pg_restore --clean` alone drops what the
 * dump has; tables that were made since would stay, and hold on to those that it drops.
 */
const EMPTY_POSTGRES = String.raw`BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '30s';
\set owner ${'`'}printf '%.26s_owner' "$PGUSER"${'`'}
\set service ${'`'}printf '%.24s_service' "$PGUSER"${'`'}
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM (VALUES (:'owner'), (:'service')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
DO $$
DECLARE found name;
BEGIN
  FOR found IN
    SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', found);
  END LOOP;
  CREATE SCHEMA public;
  COMMENT ON SCHEMA public IS 'standard public schema';
  IF current_setting('server_version_num')::int >= 150000 THEN
    ALTER SCHEMA public OWNER TO pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
  ELSE
    GRANT ALL ON SCHEMA public TO PUBLIC;
  END IF;
END $$;`;

/**
 * Ends that transaction. A dump may be older than the accounts of owner and service, or be from a database without:
 * what it brings is handed over to them, if they exist. On a new server, where no deploy has made them yet, they exist
 * without a password if something of the dump belongs to them.
 */
const END_OF_POSTGRES_RESTORE = String.raw`SELECT format('DROP ROLE %I', rolname) FROM pg_roles r
WHERE rolname IN (:'owner', :'service') AND NOT rolcanlogin
  AND NOT EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid) \gexec
SELECT count(*) = 2 AS has_accounts FROM pg_roles WHERE rolname IN (:'owner', :'service') \gset
\if :has_accounts
${HAND_OVER_TO_OWNER}
\endif
COMMIT;`;

/**
 * The scripts find users, passwords and databases in the container's own variables: none of them
 * stands in an argv, not even inside the container.
 */
export const DUMP_TOOLS: Readonly<Record<DatabaseEngine, DumpTools>> = {
  postgres: postgresTools(),
  mysql: sqlTools('MYSQL', {
    client: 'mysql',
    // The dump is of one database; the server's own list of transactions is not for another server.
    dump: 'mysqldump --set-gtid-purged=OFF',
  }),
  mariadb: sqlTools('MARIADB', { client: 'mariadb', dump: 'mariadb-dump' }),
  mongodb: mongoTools(),
};

function postgresTools(): DumpTools {
  const prepare = `export PGPASSWORD="$POSTGRES_PASSWORD" PGUSER="\${POSTGRES_USER:-postgres}"
export PGDATABASE="\${POSTGRES_DB:-$PGUSER}"`;
  const psql = 'psql --no-psqlrc --no-password --quiet';
  return {
    extension: 'pgdump',
    version: `${prepare}\nexec ${psql} --tuples-only --no-align --command='SHOW server_version'`,
    dump: markedAtEnd(`${prepare}\npg_dump --no-password --format=custom`),
    restore: `${prepare}
{ cat <<'SQL'
${EMPTY_POSTGRES}
SQL
pg_restore --clean --if-exists --file=- && cat <<'SQL'
${END_OF_POSTGRES_RESTORE}
SQL
} |
  ${psql} --set=ON_ERROR_STOP=1 --output=/dev/null`,
    isAtomic: true,
  };
}

/** MySQL and MariaDB. The dump drops and makes the database first, so that nothing newer is left. */
function sqlTools(prefix: string, { client, dump }: { client: string; dump: string }): DumpTools {
  // The image of MariaDB takes the variables of MySQL's as well.
  const name = (variable: string) => `\${${prefix}_${variable}:-$MYSQL_${variable}}`;
  const either = (variable: string) => `"${name(variable)}"`;
  const prepare = `export MYSQL_PWD=${either('PASSWORD')}`;
  const connect = `--host=127.0.0.1 --protocol=tcp --user=${either('USER')} --default-character-set=utf8mb4`;
  return {
    extension: 'sql',
    version: `${prepare}\nexec ${client} ${connect} --batch --skip-column-names --execute='SELECT VERSION()'`,
    dump: markedAtEnd(`${prepare}
${dump} ${connect} --single-transaction --quick --routines --triggers --events \\
  --hex-blob --no-tablespaces --add-drop-database --databases ${either('DATABASE')}`),
    // What owner and service made is restored by who may do it for others. No deploy has seen to that yet on a new server,
    // where root has the same password; on any other the admin has the right.
    restore: `${prepare}
${client} --protocol=socket --user=root --execute="GRANT ALL PRIVILEGES ON *.* TO '${name('USER')}'@'%' WITH GRANT OPTION" < /dev/null 2> /dev/null || true
exec ${client} ${connect}`,
    end: /(?:^|\n)-- Dump completed[^\n]*\s*$/,
    isAtomic: false,
  };
}

function mongoTools(): DumpTools {
  const connect = `--quiet --config=<(printf 'password: "%s"\\n' "$MONGO_INITDB_ROOT_PASSWORD") \\
  --username="$MONGO_INITDB_ROOT_USERNAME" --authenticationDatabase=admin`;
  return {
    extension: 'archive',
    version: `mongod --version | sed -n 's/^db version v//p'`,
    dump: markedAtEnd(`mongodump ${connect} --db="$MONGO_INITDB_DATABASE" --archive`),
    restore: `exec mongorestore ${connect} --nsInclude="$MONGO_INITDB_DATABASE.*" --drop --archive`,
    isAtomic: false,
  };
}

/** If nobody ends the input of the script, it ends after ten minutes. */
function markedAtEnd(script: string): string {
  return `${script} &&\n  printf %s "$0" && { read -r -t 600 || true; }`;
}

/** The variables in which a container of that engine says what its database is called, the first that is set. */
export const DATABASE_VARIABLES: Readonly<Record<DatabaseEngine, readonly string[]>> = {
  postgres: ['POSTGRES_DB', 'POSTGRES_USER'],
  mysql: ['MYSQL_DATABASE'],
  mariadb: ['MARIADB_DATABASE', 'MYSQL_DATABASE'],
  mongodb: ['MONGO_INITDB_DATABASE'],
};

/** The database of a container with these variables; `undefined` if they name none. */
export function databaseOf(
  engine: DatabaseEngine,
  environment: Readonly<Record<string, string>>,
): string | undefined {
  const found = DATABASE_VARIABLES[engine].find((name) => environment[name]);
  return found === undefined ? undefined : environment[found];
}

/**
 * Whether a dump of server version `from` cannot be expected to fit server version `to`: it is from a
 * newer release. A release of PostgreSQL is its first number, of the others the first two.
 */
export function isNewerRelease(engine: DatabaseEngine, from: string, to: string): boolean {
  const release = (version: string) => {
    const [major = 0, minor = 0] = (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '')
      .split('.')
      .map(Number);
    return engine === 'postgres' ? [major, 0] : [major, minor];
  };
  const [one, other] = [release(from), release(to)];
  return one[0] === other[0] ? one[1]! > other[1]! : one[0]! > other[0]!;
}
