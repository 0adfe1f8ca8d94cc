#!/usr/bin/env bash
# Yarn 4.18.1: a scope of `npmScopes` does not follow `npmMinimalAgeGate` of the same .yarnrc.yml. It has Yarn's default of one
# day, whatever the setting for the whole says, unless the scope sets it itself. So an age gate of a month does not hold for
# packages of a scope that is named only for its registry, and `npmMinimalAgeGate: 0` does not let a package of the company
# through that was published a minute ago.
# A pruned .yarnrc.yml for an image therefore has to carry the setting of each scope, too.
# Seen on 2026-11-27. Source: lib "npmConfigUtils.getMinimalAgeGate" in the bundle of @yarnpkg/cli-dist 4.18.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools app
npm --prefix tools install --silent --no-audit --no-fund @yarnpkg/cli-dist@4.18.1
export PATH="$folder/tools/node_modules/.bin:$PATH" CI=true YARN_GLOBAL_FOLDER="$folder/yarn" YARN_ENABLE_TELEMETRY=0
echo "yarn $(yarn --version)"
[ "$(yarn --version)" = 4.18.1 ]

failures=0
# expect WHAT installed|quarantined PACKAGE SCOPES: no version of the package is old enough for a gate of 300 years.
expect() {
  local what=$1 wanted=$2 seen
  rm -rf app/yarn.lock app/.yarn app/node_modules
  echo "{ \"name\": \"app\", \"dependencies\": { \"$3\": \"*\" } }" >app/package.json
  touch app/yarn.lock
  printf 'nodeLinker: node-modules\nnpmMinimalAgeGate: 100000d\n%s\n' "$4" >app/.yarnrc.yml
  if (cd app && yarn install --no-immutable --mode=update-lockfile >../log 2>&1); then seen=installed; else seen=quarantined; fi
  [ "$seen" = installed ] || grep -q quarantined log
  echo "$what: $seen"
  if [ "$seen" != "$wanted" ]; then
    failures=$((failures + 1))
    echo "  expected: $wanted"
  fi
}

registry=$(cd app && echo '{"name":"app"}' >package.json && touch yarn.lock && yarn config get npmRegistryServer)
expect 'a package without a scope' quarantined is-number ''
expect 'a scope that is not named' quarantined @types/ms ''
expect 'a scope that is named for its registry' installed @types/ms "npmScopes: { types: { npmRegistryServer: '$registry' } }"
expect 'a scope that is named with the same gate' quarantined @types/ms \
  "npmScopes: { types: { npmRegistryServer: '$registry', npmMinimalAgeGate: 100000d } }"

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
