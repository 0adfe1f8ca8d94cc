#!/usr/bin/env bash
# npm 11.19.1 and 12.2.1: whether `npm ci` holds a locked package against `min-release-age` (or `before`) depends on one field of
# the lockfile. With `resolved` the package is installed, however young it is. Without it, as
# `omit-lockfile-registry-resolved=true` writes lockfiles, npm asks the registry and ends with ETARGET: "No matching version".
# `min-release-age-exclude` of npm 12 does not help there. It counts while a version is chosen (`npm install` without a lockfile
# takes the package), and is not asked about a locked one: npm writes a lockfile that it then refuses to install.
# So an image whose .npmrc has the gate cannot be built for as long as the gate says.
# Seen on 2026-11-27 with a gate of 270 years. Source: @npmcli/arborist's build-ideal-tree.js applies the exceptions, its
# reify.js does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir node app
# npm 12 needs Node 22 or later.
echo '{ "private": true, "allowScripts": { "node": true } }' >node/package.json
npm --prefix node install --silent --no-audit --no-fund node@24.21.0
export PATH="$folder/node/node_modules/.bin:$PATH"

failures=0
# expect VERSION OMIT SETTINGS WANTED [install]: `npm ci`, or `npm install` without the lockfile.
expect() {
  local version=$1 omit=$2 settings=$3 wanted=$4 command=${5:-ci} seen
  local npm="$folder/npm-$version/node_modules/.bin/npm"
  rm -rf app/node_modules app/package-lock.json app/.npmrc
  echo '{ "private": true, "dependencies": { "is-number": "7.0.0" } }' >app/package.json
  (cd app && npm_config_omit_lockfile_registry_resolved=$omit "$npm" install --silent --package-lock-only --no-audit --no-fund)
  printf '%b\n' "$settings" >app/.npmrc
  [ "$command" = ci ] || rm app/package-lock.json
  (cd app && "$npm" "$command" --no-audit --no-fund >../log 2>&1) || true
  if [ -e app/node_modules/is-number ]; then seen=installed; else seen=$(sed -n 's/^npm error code //p' log); fi
  echo "npm $version $command, resolved $([ "$omit" = true ] && echo omitted || echo written), ${settings//\\n/ }: $seen"
  if [ "$seen" != "$wanted" ]; then
    failures=$((failures + 1))
    echo "  expected: $wanted"
  fi
}

for version in 11.19.1 12.2.1; do
  mkdir "npm-$version"
  npm --prefix "npm-$version" install --silent --no-audit --no-fund "npm@$version"
  expect "$version" false min-release-age=100000 installed
  expect "$version" true min-release-age=100000 ETARGET
  expect "$version" false before=1990-01-01 installed
  expect "$version" true before=1990-01-01 ETARGET
done
expect 12.2.1 true 'min-release-age=100000\nmin-release-age-exclude[]=is-number' installed install
expect 12.2.1 true 'min-release-age=100000\nmin-release-age-exclude[]=is-number' ETARGET

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
