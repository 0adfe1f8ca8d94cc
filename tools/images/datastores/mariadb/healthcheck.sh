#!/bin/bash
# Fails unless every test that is asked for succeeds; those of the official image that compose files use.
set -eo pipefail

ask() {
  mariadb --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf --protocol=tcp --host=127.0.0.1 \
    --skip-column-names --batch --execute "$1"
}

if [ $# = 0 ]; then
  echo 'healthcheck.sh: no test is named' >&2
  exit 1
fi

for test; do
  case $test in
    --connect) ask 'SELECT 1' >/dev/null ;;
    --innodb_initialized)
      [ "$(ask "SELECT COUNT(*) FROM information_schema.ENGINES
        WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
      ;;
    *)
      echo "healthcheck.sh: this stand-in does not know $test" >&2
      exit 1
      ;;
  esac
done
