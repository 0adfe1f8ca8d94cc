/** Schemas that do not belong to the server. */
const OWN_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

const NOT_OF_EXTENSION = (catalog: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`;

/**
 * Makes the owner the owner of everything in a database that the admin created, and lets the service read and write it,
 * including what the owner creates later. Can run any number of times: it does not change what is as it should be.
 *
 * A script for psql, run as the admin. Expects the variables \`owner\` and \`service\`: existing roles. \`REASSIGN
 * OWNED\` would do the first part, but not for the role that \`initdb\` made, which is the admin here.
 */
export const HAND_OVER_TO_OWNER = String.raw`SELECT format('ALTER DATABASE %I OWNER TO %I', datname, :'owner')
FROM pg_database WHERE datname = current_database() AND datdba <> :'owner'::regrole \gexec
SELECT format('ALTER SCHEMA %I OWNER TO %I', n.nspname, :'owner')
FROM pg_namespace n WHERE n.nspowner = current_user::regrole AND ${OWN_SCHEMA} \gexec
SELECT format('ALTER %s %s OWNER TO %I', CASE o.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
  WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, o.oid::regclass, :'owner')
FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
WHERE o.relowner = current_user::regrole AND o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${OWN_SCHEMA}
  AND ${NOT_OF_EXTENSION('pg_class')}
  AND NOT (o.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.deptype IN ('a', 'i'))) \gexec
SELECT format('ALTER ROUTINE %s OWNER TO %I', o.oid::regprocedure, :'owner')
FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace
WHERE o.proowner = current_user::regrole AND ${OWN_SCHEMA} AND ${NOT_OF_EXTENSION('pg_proc')} \gexec
SELECT format('ALTER TYPE %s OWNER TO %I', o.oid::regtype, :'owner')
FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace LEFT JOIN pg_class c ON c.oid = o.typrelid
WHERE o.typowner = current_user::regrole AND ${OWN_SCHEMA} AND ${NOT_OF_EXTENSION('pg_type')}
  AND (o.typtype IN ('e', 'd', 'r') OR (o.typtype = 'c' AND c.relkind = 'c')) \gexec
SELECT format('ALTER STATISTICS %I.%I OWNER TO %I', n.nspname, o.stxname, :'owner')
FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace
WHERE o.stxowner = current_user::regrole AND ${OWN_SCHEMA} \gexec
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"service";
SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', n.nspname) FROM pg_namespace n WHERE n.nspname = 'public' \gexec
SELECT format('GRANT USAGE ON SCHEMA %1$I TO %2$I; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$I TO %2$I;
  GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA %1$I TO %2$I; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %1$I TO %2$I',
  n.nspname, :'service') FROM pg_namespace n WHERE ${OWN_SCHEMA} \gexec
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT EXECUTE ON ROUTINES TO :"service";`;

/**
 * Creates the two roles if they are missing, sets their passwords, and makes the owner the owner of the database. A
 * shell script for the image of PostgreSQL. Expects the admin's PGHOST, PGUSER, PGPASSWORD and PGDATABASE, and OWNER,
 * OWNER_PASSWORD, SERVICE, SERVICE_PASSWORD. No password is in a command line or in the server's log.
 */
export const POSTGRES_ACCOUNTS_SCRIPT = String.raw`ask() {
  psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"
}
make_accounts() {
  ask --output=/dev/null <<'SQL'
\set owner ${'`'}printf %s "$OWNER"${'`'}
\set owner_password ${'`'}printf %s "$OWNER_PASSWORD"${'`'}
\set service ${'`'}printf %s "$SERVICE"${'`'}
\set service_password ${'`'}printf %s "$SERVICE_PASSWORD"${'`'}
SET log_statement = none;
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
SET client_min_messages = warning;
SET lock_timeout = '2s';
SELECT format('CREATE ROLE %I', name) FROM (VALUES (:'owner'), (:'service')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'service_password';
GRANT pg_read_all_stats TO :"owner";
SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname) FROM pg_database
WHERE datname IN ('postgres', 'template1') AND datname <> current_database() \gexec
${HAND_OVER_TO_OWNER}
SQL
}
for pause in 1 2 4 8 0; do
  if make_accounts; then
    echo "$OWNER migrates $PGDATABASE, $SERVICE works with it"
    exit 0
  fi
  sleep "$pause"
done
echo "the accounts of $PGDATABASE could not be made; sessions with an open transaction:"
ask --command="SELECT format('session %s of %s, application \"%s\", %s since %s', pid, usename, application_name, state, xact_start) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 5"
exit 1`;
