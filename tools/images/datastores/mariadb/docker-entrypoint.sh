#!/bin/bash
# What users of the official mariadb image rely on, for a stand-in of it. Time zones are not loaded.
set -eo pipefail
. /usr/local/lib/first-start.sh

DATA=/var/lib/mysql
SOCKET=/run/mysqld/mysqld.sock

run_sql() {
  MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb --protocol=socket --socket="$SOCKET" --user=root \
    --database="$MARIADB_DATABASE"
}

random_password() {
  head --bytes=24 /dev/urandom | od --address-radix=n --format=x1 | tr --delete ' \n'
}

as_text() {
  local text=${1//\\/\\\\} quote="'"
  printf "'%s'" "${text//$quote/$quote$quote}"
}

as_name() {
  printf '`%s`' "${1//\`/\`\`}"
}

# A database in a GRANT is a pattern, in which `_` stands for any character.
as_pattern() {
  as_name "${1//_/\\_}"
}

# read_either NAME: MARIADB_NAME, or else MYSQL_NAME, each also by file.
read_either() {
  local ours="MARIADB_$1" theirs="MYSQL_$1"
  read_variable "$ours"
  read_variable "$theirs"
  if [ -z "${!ours}" ]; then printf -v "$ours" '%s' "${!theirs}"; fi
}

read_settings() {
  local name
  for name in ROOT_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD RANDOM_ROOT_PASSWORD ROOT_HOST DATABASE USER PASSWORD; do
    read_either "$name"
  done
  if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
    MARIADB_ROOT_PASSWORD=$(random_password)
    say "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
  elif [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -z "$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
    fail 'there is no data yet and no password for it: set MARIADB_ROOT_PASSWORD,' \
      'MARIADB_RANDOM_ROOT_PASSWORD or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD'
  fi
  if [ -n "$MARIADB_USER" ] && [ -z "$MARIADB_PASSWORD" ]; then
    fail 'MARIADB_USER has no password: set MARIADB_PASSWORD'
  fi
}

statements() {
  local health host root="${MARIADB_ROOT_HOST:-%}"
  health=$(random_password)
  (umask 077 && printf '[client]\nuser=healthcheck\npassword=%s\n' "$health" >"$DATA/.my-healthcheck.cnf")
  echo "SET @@SESSION.SQL_MODE = REPLACE(@@SESSION.SQL_MODE, 'NO_BACKSLASH_ESCAPES', '');"
  for host in 127.0.0.1 ::1 localhost; do
    echo "CREATE USER healthcheck@'$host' IDENTIFIED BY '$health';"
  done
  if [ "$root" != localhost ]; then
    echo "CREATE USER root@$(as_text "$root") IDENTIFIED BY $(as_text "$MARIADB_ROOT_PASSWORD");"
    echo "GRANT ALL ON *.* TO root@$(as_text "$root") WITH GRANT OPTION;"
  fi
  if [ -n "$MARIADB_DATABASE" ]; then
    echo "CREATE DATABASE IF NOT EXISTS $(as_name "$MARIADB_DATABASE");"
  fi
  if [ -n "$MARIADB_USER" ]; then
    echo "CREATE USER $(as_text "$MARIADB_USER")@'%' IDENTIFIED BY $(as_text "$MARIADB_PASSWORD");"
    if [ -n "$MARIADB_DATABASE" ]; then
      echo "GRANT ALL ON $(as_pattern "$MARIADB_DATABASE").* TO $(as_text "$MARIADB_USER")@'%';"
    fi
  fi
  echo "ALTER USER root@localhost IDENTIFIED BY $(as_text "$MARIADB_ROOT_PASSWORD");"
}

initialise() {
  read_settings
  mariadb-install-db --datadir="$DATA" --auth-root-authentication-method=normal --skip-test-db --rpm

  # On the local socket only: who asks over the network must not take it for ready.
  "$@" --skip-networking --socket="$SOCKET" &
  local server=$! try=0
  until mariadb-admin --protocol=socket --socket="$SOCKET" --user=root ping &>/dev/null; do
    if ! kill -0 "$server" 2>/dev/null || [ $((try += 1)) -gt 300 ]; then
      fail 'the server did not start: see above'
    fi
    sleep 0.1
  done
  statements | mariadb --protocol=socket --socket="$SOCKET" --user=root
  run_initdb_files
  kill "$server"
  wait "$server"
  say 'the data is set up'
}

if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then set -- mariadbd "$@"; fi
case $1 in mariadbd | mysqld) ;; *) exec "$@" ;; esac
for argument; do
  case $argument in -\? | --help | --print-defaults | -V | --version) exec "$@" ;; esac
done

if [ "$(id --user)" = 0 ]; then
  mkdir --parents "$DATA" /run/mysqld
  chmod 1777 /run/mysqld
  find "$DATA" /run/mysqld ! -user mysql -exec chown mysql: {} +
  become mysql "$0" "$@"
fi

if [ ! -d "$DATA/mysql" ]; then initialise "$@"; fi
exec "$@"
