#!/bin/bash
# What users of the official postgres image rely on, for a stand-in of it.
set -eo pipefail
. /usr/local/lib/first-start.sh

run_sql() {
  psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --quiet \
    --username="$POSTGRES_USER" --dbname="${1:-$POSTGRES_DB}"
}

initialise() {
  read_variable POSTGRES_PASSWORD
  read_variable POSTGRES_USER postgres
  read_variable POSTGRES_DB "$POSTGRES_USER"
  read_variable POSTGRES_INITDB_ARGS
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    fail 'there is no data yet and no password for it: set POSTGRES_PASSWORD'
  fi
  local arguments
  read -r -a arguments <<<"$POSTGRES_INITDB_ARGS"
  if [ -n "$POSTGRES_INITDB_WALDIR" ]; then arguments+=("--waldir=$POSTGRES_INITDB_WALDIR"); fi
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" \
    --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

  # On the local socket only: who asks over the network must not take it for ready.
  export PGPASSWORD="$POSTGRES_PASSWORD"
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$POSTGRES_DB" --quiet \
      --username="$POSTGRES_USER" --dbname=postgres <<<'CREATE DATABASE :"name";'
  fi
  run_initdb_files
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  unset PGPASSWORD
  say 'the data is set up'
}

if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi
for argument; do
  case $argument in -\? | --help | --describe-config | -V | --version) exec "$@" ;; esac
done

if [ "$(id --user)" = 0 ]; then
  mkdir --parents "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
  if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
    mkdir --parents "$POSTGRES_INITDB_WALDIR"
    chmod 700 "$POSTGRES_INITDB_WALDIR"
    find "$POSTGRES_INITDB_WALDIR" ! -user postgres -exec chown postgres {} +
  fi
  become postgres "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
exec "$@"
