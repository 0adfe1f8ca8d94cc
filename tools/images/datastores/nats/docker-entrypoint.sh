#!/bin/sh
# What users of the official nats image rely on, for a stand-in of it.
set -e
if [ "${1#-}" != "$1" ]; then set -- nats-server "$@"; fi
exec "$@"
