#!/bin/bash
# What users of the official rabbitmq image rely on, for a stand-in of it. Its node reads
# RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS and RABBITMQ_DEFAULT_VHOST itself.
set -eo pipefail
. /usr/local/lib/first-start.sh

DATA=/var/lib/rabbitmq

if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then set -- rabbitmq-server "$@"; fi
if [ "$1" != rabbitmq-server ]; then exec "$@"; fi

if [ "$(id --user)" = 0 ]; then
  find "$DATA" ! -user rabbitmq -exec chown rabbitmq: {} +
  become rabbitmq "$0" "$@"
fi

# Erlang makes a table of as many entries as files may be open; engines allow a thousand million.
open_files=$(ulimit -n)
if [ "$open_files" = unlimited ] || [ "$open_files" -gt 65536 ]; then ulimit -n 65536; fi
# Schedulers that wait for work by spinning are for machines of their own.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="${RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:-+sbwt none +sbwtdcpu none +sbwtdio none}"
exec "$@"
