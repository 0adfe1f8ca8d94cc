/** The name of the client program in each of the two images. */
const CLIENTS = { mysql: 'mysql', mariadb: 'mariadb' } as const;
const SERVERS = { mysql: 'mysqld', mariadb: 'mariadbd' } as const;

type MysqlEngine = keyof typeof CLIENTS;

/**
 * Starts the server so that its admin may create accounts, even if the data was set up without that right. A shell
 * script for the image, with the image's own arguments.
 *
 * The image gives its user all rights on the user's own database and no others. With a random root password, root
 * cannot sign in later. The server runs the file of `--init-file` with all rights at each start. But when data is set
 * up, the admin does not exist yet, so that start goes without the file; {@link mysqlAccountsScript} then signs in as
 * root, who has the admin's password from then on.
 */
export function mysqlEntrypoint(engine: MysqlEngine): string {
  const [server, user] = [SERVERS[engine], USER_OF_THE_IMAGE[engine]];
  return String.raw`if [ "$#" = 0 ]; then set -- ${server}; fi
case $1 in mysqld | mariadbd | -*)
  if [ -d /var/lib/mysql/mysql ] && [ -n "${user}" ]; then
    printf 'GRANT ALL PRIVILEGES ON *.* TO ${'`%s`@`%%`'} WITH GRANT OPTION;\n' "${user}" > /tmp/admin.sql
    set -- "$@" --init-file=/tmp/admin.sql
  fi
esac
exec docker-entrypoint.sh "$@"`;
}

/** The image of MariaDB accepts the variables of MySQL's image, too. */
const USER_OF_THE_IMAGE = {
  mysql: '$MYSQL_USER',
  mariadb: '${MARIADB_USER:-$MYSQL_USER}',
} as const;

/**
 * How {@link mysqlAccountsScript} ends if the server has to be restarted with {@link mysqlEntrypoint} first: the
 * configuration error of sysexits.h.
 */
export const RESTART_FIRST = 78;

/** The service's rights: to read and write rows, and to use temporary tables, which end with its session. */
const SERVICE_RIGHTS =
  'SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, LOCK TABLES, CREATE TEMPORARY TABLES';

/**
 * Creates the two accounts if they are missing, and sets their passwords and rights. A shell script for the image of
 * MySQL or MariaDB. Expects HOST, DATABASE, ADMIN, ADMIN_PASSWORD, OWNER, OWNER_PASSWORD, SERVICE and SERVICE_PASSWORD.
 * No password is in a command line or in the server's log.
 *
 * The owner may see other sessions, so that a migration can report which one blocks it.
 */
export function mysqlAccountsScript(engine: MysqlEngine): string {
  return String.raw`as() {
  MYSQL_PWD="$2" ${CLIENTS[engine]} --host="$HOST" --protocol=tcp --user="$1" --batch --skip-column-names \
    --default-character-set=utf8mb4
}
text() {
  printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\]/&&/g; s/'/''/g")"
}
database="\`$(printf %s "$DATABASE" | sed 's/_/\\_/g')\`"
may_make_accounts() {
  as "$ADMIN" "$ADMIN_PASSWORD" <<'SQL'
SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES
WHERE PRIVILEGE_TYPE = 'CREATE USER' AND IS_GRANTABLE = 'YES'
  AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''');
SQL
}
make_admin() {
  echo "GRANT ALL PRIVILEGES ON *.* TO \`$ADMIN\`@\`%\` WITH GRANT OPTION;" | as root "$ADMIN_PASSWORD" 2> /dev/null
}
make_accounts() {
  as "$ADMIN" "$ADMIN_PASSWORD" <<SQL
SET SESSION sql_mode = '';
SET SESSION sql_log_off = 1;
SET SESSION lock_wait_timeout = 5;
CREATE USER IF NOT EXISTS \`$OWNER\`@\`%\` IDENTIFIED BY $(text "$OWNER_PASSWORD");
ALTER USER \`$OWNER\`@\`%\` IDENTIFIED BY $(text "$OWNER_PASSWORD");
CREATE USER IF NOT EXISTS \`$SERVICE\`@\`%\` IDENTIFIED BY $(text "$SERVICE_PASSWORD");
ALTER USER \`$SERVICE\`@\`%\` IDENTIFIED BY $(text "$SERVICE_PASSWORD");
GRANT ALL PRIVILEGES ON $database.* TO \`$OWNER\`@\`%\`;
GRANT PROCESS ON *.* TO \`$OWNER\`@\`%\`;
GRANT SELECT ON performance_schema.* TO \`$OWNER\`@\`%\`;
GRANT ${SERVICE_RIGHTS} ON $database.* TO \`$SERVICE\`@\`%\`;
SQL
}
for pause in 1 2 4 8 0; do
  if may=$(may_make_accounts); then
    if [ "$may" = 0 ] && ! make_admin; then
      echo "$HOST was started before its admin, $ADMIN, could make accounts. Restart it once with the entry of today, and deploy again. It keeps its data"
      exit ${RESTART_FIRST}
    fi
    if make_accounts; then
      echo "$OWNER migrates $DATABASE, $SERVICE works with it"
      exit 0
    fi
  fi
  sleep "$pause"
done
echo "the accounts of $DATABASE could not be made"
exit 1`;
}
