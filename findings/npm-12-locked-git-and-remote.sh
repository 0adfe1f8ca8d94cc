#!/usr/bin/env bash
# npm 12.2.1: `npm ci` refuses what a lockfile of npm 11 holds of a git repository (EALLOWGIT) or of the address of an archive
# (EALLOWREMOTE), unless `.npmrc` says `allow-git` or `allow-remote`. Both are "none" by default; npm 11.19.1 installs them.
# What counts is where the lockfile says that the package comes from: a package.json that asks for it by its version, as a
# pruned one may, is refused all the same.
# So a Dockerfile that installed for years fails once its base image brings npm 12 (node:24 since 24.21), and a pruned
# `.npmrc` has to carry both settings.
# Seen on 2026-11-27. Source: @npmcli/arborist's reify.js ("isRegistryResolvedTarball") and pacote's fetcher.js ("canUse").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir node repository app
# npm 12 needs Node 22 or later.
echo '{ "private": true, "allowScripts": { "node": true } }' >node/package.json
npm --prefix node install --silent --no-audit --no-fund node@24.21.0
export PATH="$folder/node/node_modules/.bin:$PATH"
for version in 11.19.1 12.2.1; do
  mkdir "npm-$version"
  npm --prefix "npm-$version" install --silent --no-audit --no-fund "npm@$version"
done

echo '{ "name": "from-git", "version": "1.0.0" }' >repository/package.json
git -C repository init --quiet
git -C repository add package.json
git -C repository -c user.name=finding -c user.email=finding@example.com commit --quiet --message one
git="git+file://$folder/repository"
archive=$(npm view is-number@7.0.0 dist.tarball)

failures=0
# expect VERSION WHAT NAME ASKED_FOR FROM WANTED [SETTING]: `npm ci` with a lockfile that has NAME from FROM.
expect() {
  local version=$1 what=$2 name=$3 asked=$4 from=$5 wanted=$6 setting=${7:-} seen
  rm -rf app/node_modules
  echo "$setting" >app/.npmrc
  cat >app/package.json <<JSON
{ "private": true, "dependencies": { "$name": "$asked" } }
JSON
  cat >app/package-lock.json <<JSON
{ "lockfileVersion": 3, "requires": true, "packages": {
  "": { "dependencies": { "$name": "$asked" } },
  "node_modules/$name": { "version": "${name_version[$name]}", "resolved": "$from" } } }
JSON
  (cd app && "../npm-$version/node_modules/.bin/npm" ci --no-audit --no-fund >../log 2>&1) || true
  if [ -e "app/node_modules/$name/package.json" ]; then seen=installed; else seen=$(sed -n 's/^npm error code //p' log); fi
  echo "npm $version, $what${setting:+, $setting}: $seen"
  if [ "$seen" != "$wanted" ]; then
    failures=$((failures + 1))
    echo "  expected: $wanted"
  fi
}
declare -A name_version=([is-number]=7.0.0 [from-git]=1.0.0)
locked="$git#$(git -C repository rev-parse HEAD)"

for version in 11.19.1 12.2.1; do
  expect "$version" 'a package of the registry' is-number 7.0.0 "$archive" installed
done
expect 11.19.1 'the address of an archive' is-number "$archive" "$archive" installed
expect 12.2.1 'the address of an archive' is-number "$archive" "$archive" EALLOWREMOTE
expect 12.2.1 'the address of an archive' is-number "$archive" "$archive" installed allow-remote=all
expect 12.2.1 'the address of an archive' is-number "$archive" "$archive" installed allow-remote=root
expect 11.19.1 'a git repository' from-git "$git" "$locked" installed
expect 12.2.1 'a git repository' from-git "$git" "$locked" EALLOWGIT
expect 12.2.1 'a git repository' from-git "$git" "$locked" installed allow-git=all
expect 12.2.1 'a git repository, asked for by its version' from-git 1.0.0 "$locked" EALLOWGIT
expect 12.2.1 'a git repository, asked for by its version' from-git 1.0.0 "$locked" installed allow-git=all

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
