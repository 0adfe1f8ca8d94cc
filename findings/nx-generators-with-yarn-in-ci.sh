#!/usr/bin/env bash
# Nx 23.2.1 and 24.0.6: a generator that adds a package ends in an error with Yarn 4.18.1 if `CI=true` is set, as in many development
# containers, although the lockfile is meant to change. Nx tells pnpm so ("pnpm install --no-frozen-lockfile", "explicitly disable
# in case of CI"), and npm and Bun change their lockfile anyway. Yarn is not told: `yarn install` is immutable there (YN0028), while
# `yarn add` beside it is not. So `nx add` installs the plugin and then fails in its init generator.
# A generator for Yarn therefore has to set YARN_ENABLE_IMMUTABLE_INSTALLS=false around its install.
# Seen on 2026-11-27. Source: nx's dist/src/utils/package-manager.js ("getPackageManagerCommand") and @nx/devkit's
# "installPackagesTask", which runs its `install`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools
echo '{ "private": true, "allowScripts": { "bun": true, "pnpm": true } }' >tools/package.json
npm --prefix tools install --silent --no-audit --no-fund @yarnpkg/cli-dist@4.18.1 pnpm@10.34.9 bun@1.4.5
export PATH="$folder/tools/node_modules/.bin:$PATH" YARN_GLOBAL_FOLDER="$folder/yarn" YARN_ENABLE_TELEMETRY=0
export NX_DAEMON=false

# What a generator of Nx does that adds a package: package.json has it, then comes the install.
cat >generate.cjs <<'JS'
const { FsTree } = require('nx/src/generators/tree');
const { installPackagesTask, addDependenciesToPackageJson } = require('@nx/devkit');
const { writeFileSync } = require('node:fs');
const tree = new FsTree(process.argv[2], false);
addDependenciesToPackageJson(tree, { 'is-number': '7.0.0' }, {});
for (const { path, content } of tree.listChanges()) writeFileSync(`${process.argv[2]}/${path}`, content);
process.chdir(process.argv[2]);
installPackagesTask(tree, true);
JS

failures=0
# expect NX MANAGER CI installed|refused|CODE [VARIABLE=VALUE]
expect() {
  local nx=$1 manager=$2 ci=$3 wanted=$4 setting=${5:-IGNORED=1} seen
  rm -rf app
  mkdir app
  echo '{ "name": "app", "private": true, "dependencies": { "isarray": "2.0.5" } }' >app/package.json
  echo '{}' >app/nx.json
  case $manager in
    yarn) printf 'nodeLinker: node-modules\n' >app/.yarnrc.yml && touch app/yarn.lock ;;
  esac
  (cd app && env CI=false "$manager" install >../log 2>&1) || { cat log; exit 1; }
  if NODE_PATH="$folder/nx-$nx/node_modules" env CI="$ci" "$setting" node generate.cjs "$folder/app" >log 2>&1; then
    seen=refused
    [ -e app/node_modules/is-number/package.json ] && seen=installed
  else
    seen=$(grep -oE 'YN0028|ERR_PNPM_OUTDATED_LOCKFILE' log | head -1 || true)
  fi
  echo "Nx $nx, $manager, CI=$ci${5:+, $5}: ${seen:-another error}"
  if [ "$seen" != "$wanted" ]; then
    failures=$((failures + 1))
    echo "  expected: $wanted"
    tail -5 log
  fi
}

for nx in 23.2.1 24.0.6; do
  mkdir "nx-$nx"
  devkit=$nx
  [ "$nx" = 24.0.6 ] && devkit=24.0.0
  npm --prefix "nx-$nx" install --silent --no-audit --no-fund --ignore-scripts "nx@$nx" "@nx/devkit@$devkit"
  for manager in npm pnpm bun; do expect "$nx" "$manager" true installed; done
  expect "$nx" yarn false installed
  expect "$nx" yarn true YN0028
  expect "$nx" yarn true installed YARN_ENABLE_IMMUTABLE_INSTALLS=false
done

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
