#!/bin/sh
# What users of the official redis image rely on, for a stand-in of it.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis '{}' +
  exec setpriv --reuid=redis --regid=redis --clear-groups -- "$0" "$@"
fi

umask 0077
# The official build answers other hosts where it is told nothing; Debian's does not.
if [ "$1" = redis-server ] && ! { [ -n "$2" ] && [ "${2#-}" = "$2" ]; }; then
  case "$*" in *protected-mode*) ;; *) set -- "$@" --protected-mode no ;; esac
fi
exec "$@"
