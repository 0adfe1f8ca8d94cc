#!/usr/bin/env bash
# pnpm 10.34.9, 11.28.11 and 12.21.0: `allowBuilds` of pnpm-workspace.yaml counts for a packed package (`file:x.tgz`) only under
# the whole key of the lockfile, `packed@file:packed-1.2.3.tgz`. Its name and name@version, which count for a package of a
# registry, do not. pnpm 10 then skips the script with exit code 0; 11 and 12 end with 1.
# The key holds the path. So a pruned manifest that lays the package elsewhere has to rename the approval, too.
# Seen on 2026-11-27.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir packed app node
# pnpm 11 needs Node 22.13 or later.
echo '{ "private": true, "allowScripts": { "node": true } }' >node/package.json
npm --prefix node install --silent --no-audit --no-fund node@24.21.0
echo '{ "name": "packed", "version": "1.2.3", "scripts": { "install": "touch built" } }' >packed/package.json
(cd app && npm pack ../packed --silent >/dev/null)
echo '{ "private": true, "dependencies": { "packed": "file:packed-1.2.3.tgz" } }' >app/package.json
export CI=true

failures=0
# expect VERSION APPROVED ran|skipped CODE
expect() {
  local seen=skipped status=0
  rm -rf app/node_modules app/pnpm-lock.yaml
  printf "packages: [.]\nallowBuilds: { '%s': true }\n" "$2" >app/pnpm-workspace.yaml
  (cd app && PATH="$folder/pnpm-$1/node_modules/.bin:$folder/node/node_modules/.bin:$PATH" \
    pnpm install --no-frozen-lockfile >../log 2>&1) || status=$?
  [ ! -e app/node_modules/packed/built ] || seen=ran
  echo "pnpm $1, \"$2\": $seen, exit code $status"
  if [ "$seen" != "$3" ] || [ "$status" -ne "$4" ]; then
    failures=$((failures + 1))
    echo "  expected: $3, exit code $4"
  fi
}

for version in 10.34.9 11.28.11 12.21.0; do
  mkdir "pnpm-$version"
  echo '{ "private": true, "allowScripts": { "pnpm": true } }' >"pnpm-$version/package.json"
  npm --prefix "pnpm-$version" install --silent --no-audit --no-fund "pnpm@$version"
  code=1
  [ "${version%%.*}" -gt 10 ] || code=0
  expect "$version" packed skipped "$code"
  expect "$version" packed@1.2.3 skipped "$code"
  expect "$version" packed@file:packed-1.2.3.tgz ran 0
done

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
