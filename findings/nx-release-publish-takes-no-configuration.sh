#!/usr/bin/env bash
# Nx 23.2.1: `nx release publish -c production` ends with success but publishes with the default options: neither `-c` nor
# `--configuration` selects a configuration of the target `nx-release-publish`. Both are passed on to the executor as one more option.
#   - `nx run orders:nx-release-publish:production` and `nx run-many -t nx-release-publish -c production` do select it
#   - an option of the executor, such as `--registry=...`, can be given to `nx release publish`
# Whoever ships a publish executor with one configuration for each environment needs an option for it, too.
# Seen on 2026-11-28. Source: nx/dist/src/command-line/release/command-object.js and publish.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NX_DAEMON=false CI=true NX_NO_CLOUD=true

echo '{ "name": "app", "version": "1.0.0", "private": true, "devDependencies": { "nx": "23.2.1", "@nx/js": "23.2.1" } }' >package.json
echo '{ "release": { "projects": ["orders"], "projectsRelationship": "independent" } }' >nx.json
mkdir orders
echo '{ "name": "orders", "version": "1.0.0" }' >orders/package.json
cat >orders/project.json <<'JSON'
{
  "name": "orders",
  "targets": {
    "nx-release-publish": {
      "executor": "nx:run-commands",
      "options": { "command": "echo published to the default:" },
      "configurations": { "production": { "command": "echo published to production:" } }
    }
  }
}
JSON
npm install --silent --no-audit --no-fund --ignore-scripts
echo "node $(node --version), nx $(node -p "require('./node_modules/nx/package.json').version")"

failures=0
# expect TEXT ARGUMENT... : the one line that starts with "published"
expect() {
  local wanted=$1 seen
  shift
  seen=$(npx --no -- nx "$@" 2>&1 | sed 's/\x1b\[[0-9;]*m//g; s/[[:space:]]*$//' | grep -o 'published to .*' | sort -u || echo 'nothing')
  echo "nx $*: $seen"
  [ "$seen" = "$wanted" ] || { failures=$((failures + 1)); echo "  expected: $wanted"; }
}
expect 'published to the default: -c production' release publish -c production
expect 'published to the default: --configuration=production' release publish --configuration=production
expect 'published to production:' run orders:nx-release-publish:production
expect 'published to production:' run-many -t nx-release-publish -c production --verbose
[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
