#!/usr/bin/env bash
# Docker 28.5.2 with the containerd image store: `docker image history` says 0B for a layer that is not unpacked. A build unpacks only
# what the engine can run itself. So the steps of an image that was built for another platform add up to nothing, until something
# unpacks it: `docker create` is enough. The older store of 26.1.5 counts the layer at once.
# Whoever adds up an image's size from its history has to unpack it first.
# Seen on 2026-11-27. Source: ImageHistory in daemon/containerd/image_history.go of moby/moby asks the snapshotter for the usage.
set -euo pipefail
folder=$(mktemp -d)
image=finding-history-$RANDOM$RANDOM
container=''
trap '[ -z "$container" ] || docker rm "$container" >/dev/null; docker image rm --force "$image:other" "$image:own" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
own=$(docker version --format '{{.Server.Arch}}')
other=arm64
[ "$own" != arm64 ] || other=amd64
store=older
case $(docker info --format '{{json .DriverStatus}}') in *io.containerd.*) store=containerd ;; esac
echo "Docker $(docker version --format '{{.Server.Version}}'), $store store, linux/$own"

printf 'FROM scratch\nCOPY file /\nCMD ["/none"]\n' >Dockerfile
# Content of its own for each image: a layer that both share would be unpacked for one of them.
for name in own other; do
  head -c 500000 /dev/urandom >file
  docker build --quiet --platform "linux/${!name}" --tag "$image:$name" . >/dev/null
done

failures=0
# expect WHAT IMAGE counted|nothing: whether the steps add up to the 500,000 bytes.
expect() {
  local bytes seen=nothing
  bytes=$(docker image history --human=false --format '{{.Size}}' "$2" | awk '{ sum += $1 } END { print sum }')
  [ "$bytes" -lt 500000 ] || seen=counted
  echo "$1: $bytes bytes, $seen"
  [ "$seen" = "$3" ] || { failures=$((failures + 1)); echo "  expected: $3"; }
}
expect 'for this platform' "$image:own" counted
if [ "$store" = containerd ]; then expect 'for another platform' "$image:other" nothing; else expect 'for another platform' "$image:other" counted; fi
container=$(docker create --platform "linux/$other" "$image:other" none 2>/dev/null)
expect 'the same, with a container of it' "$image:other" counted
[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
