#!/usr/bin/env bash
# BuildKit (Docker 26.1.5 with buildx 0.13.1, and 28.5.2 with 0.29.1): WORKDIR of a folder that is already there makes a layer, too,
# an empty one. Behind `COPY --link` it undoes what --link is for: the copied layer has to be mounted on those below, so each
# change of what is copied runs the WORKDIR again and exports its layer again. In front of the last copy it stays cached.
# In the containerd image store of 28.5.2 the former made 414 fdatasync calls in a build of one changed file, the latter 283.
# Seen on 2026-11-27. Source of the rule: dispatchWorkdir in frontend/dockerfile/dockerfile2llb/convert.go of moby/buildkit.
set -euo pipefail
folder=$(mktemp -d)
image=finding-workdir-$RANDOM$RANDOM
trap 'docker image rm --force "$image:behind" "$image:before" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
echo "Docker $(docker version --format '{{.Server.Version}}'), $(docker buildx version | cut -d' ' -f2)"

mkdir -p context/one/app context/two/app
echo same >context/one/app/same
cat >behind <<'DOCKERFILE'
FROM scratch
COPY --link one /
COPY --link two /
WORKDIR /app
DOCKERFILE
cat >before <<'DOCKERFILE'
FROM scratch
COPY --link one /
WORKDIR /app
COPY --link two /
DOCKERFILE

failures=0
# expect DOCKERFILE ran|cached: what becomes of WORKDIR in a build after a change of the last copy.
expect() {
  local seen=ran
  for change in "$RANDOM" "$RANDOM$RANDOM"; do
    echo "$change" >context/two/app/changed
    docker build --progress=plain --tag "$image:$1" --file "$1" context >log 2>&1
  done
  local step
  step=$(sed -n 's/^#\([0-9]*\) \[.*WORKDIR \/app$/\1/p' log | head -1)
  [ -n "$step" ] || { cat log; exit 1; }
  if grep -q "^#$step CACHED" log; then seen=cached; fi
  local layers
  layers=$(docker image inspect --format '{{len .RootFS.Layers}}' "$image:$1")
  echo "WORKDIR $1 the copy that changes: $seen, $layers layers"
  [ "$seen" = "$2" ] && [ "$layers" = 3 ] || { failures=$((failures + 1)); echo "  expected: $2, 3 layers"; }
}
expect behind ran
expect before cached
[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
