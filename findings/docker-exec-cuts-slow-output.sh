#!/usr/bin/env bash
# Docker 26.1.5, client 28.2.2: `docker exec` cuts the end off an output that is read slowly, and exits with 0. Two seconds
# after a program ended, the engine closes its streams, whether all of it was fetched or not; what is still in the pipes of
# the container is dropped (4 to 158 kB seen). It needs a program that ends while its reader is behind, such as a dump over
# a slow link. Which sizes are cut depends on the buffers in between: of many that are tried, one in 10 to 60 is. A program
# that stays until everything was read loses nothing.
# Seen on 2026-11-28. Needs an engine, and an image with bash: ./docker-exec-cuts-slow-output.sh [image]
set -euo pipefail
image=${1:-node:24-bookworm-slim}
rounds=5
folder=$(mktemp -d)
container=$(docker run --detach --network none --entrypoint sleep "$image" 600)
trap 'docker rm --force "$container" >/dev/null; rm -rf "$folder"' EXIT
sizes=$(seq 1200000 10000 1800000)

# fetch <bytes> <what the program does then>
fetch() {
  rm -f "$folder/$1.in"
  mkfifo "$folder/$1.in"
  {
    docker exec --interactive "$container" bash -c "head --bytes=$1 /dev/zero; $2" <"$folder/$1.in"
    echo "$?" >"$folder/$1.code"
  } | {
    exec 9>"$folder/$1.in"
    sleep 6
    head --bytes="$1" | wc --bytes >"$folder/$1.count"
    exec 9>&-
  }
}

# round <what the program does then>: sets cut
round() {
  cut=0
  for bytes in $sizes; do
    fetch "$bytes" "$1" &
    sleep 0.1
  done
  wait
  for bytes in $sizes; do
    read -r count <"$folder/$bytes.count"
    read -r code <"$folder/$bytes.code"
    if [ "$count" -lt "$bytes" ]; then
      cut=$((cut + 1))
      echo "$count of $bytes bytes, exit code $code"
    fi
  done
}

for ((tries = 1; tries <= rounds; tries++)); do
  round true
  if [ "$cut" -gt 0 ]; then break; fi
done
echo "a program that ends: $cut outputs cut in round $tries"
test "$cut" -gt 0
round 'read -r || true'
echo "a program that stays: $cut outputs cut"
test "$cut" -eq 0
