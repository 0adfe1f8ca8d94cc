#!/usr/bin/env bash
# npm 12.2.1 (Node 24.21.0): `npm ci` skips an install script that the root package.json does not approve, and still
# ends with exit code 0. Three approvals that look right are not counted:
#   - the name, or name@version, of a packed package (`file:x.tgz`): only its `file:` spec is
#   - name@version, if package-lock.json has no "resolved" (npm's own option omit-lockfile-registry-resolved leaves it out)
#   - the name under which an alias is installed: only the name behind it is
# A pruned package.json for an image therefore has to carry approvals, and rename those of tarballs that it renames.
# Seen on 2026-11-27. Source of the rule: npm/rfcs#868, lib/script-allowed.js of @npmcli/arborist.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools packed app
npm --prefix tools install --silent --no-audit --no-fund --allow-scripts=node node@24.21.0 npm@12.2.1 >/dev/null 2>&1 ||
  npm --prefix tools install --silent --no-audit --no-fund node@24.21.0 npm@12.2.1
export PATH="$folder/tools/node_modules/.bin:$PATH"
echo "node $(node --version), npm $(npm --version)"
[ "$(npm --version)" = 12.2.1 ]

cat >packed/package.json <<'JSON'
{ "name": "packed", "version": "1.2.3", "scripts": { "install": "touch built" } }
JSON
(cd app && npm pack ../packed --silent >/dev/null)

failures=0
# expect WHAT ran|skipped DEPENDENCIES ALLOW_SCRIPTS [omit]: installs with npm ci and looks whether the script ran.
expect() {
  local what=$1 wanted=$2 seen status=0
  rm -rf app/node_modules app/package-lock.json
  echo "{ \"private\": true, \"dependencies\": $3, \"allowScripts\": $4 }" >app/package.json
  (cd app && npm install --package-lock-only --silent --no-audit --no-fund \
    --omit-lockfile-registry-resolved="${5:-false}")
  (cd app && npm ci --no-audit --no-fund >../log 2>&1) || status=$?
  if grep -q 'scripts blocked because they are not covered by allowScripts' log; then seen=skipped; else seen=ran; fi
  if [ -d app/node_modules/packed ] && [ "$seen" = ran ]; then [ -f app/node_modules/packed/built ]; fi
  echo "$what: $seen, exit code $status"
  if [ "$seen" != "$wanted" ] || [ "$status" -ne 0 ]; then
    failures=$((failures + 1))
    echo "  expected: $wanted, exit code 0"
  fi
}

tarball='{ "packed": "file:packed-1.2.3.tgz" }'
registry='{ "core-js": "3.40.0" }'
alias='{ "polyfills": "npm:core-js@3.40.0" }'
expect 'registry, not approved' skipped "$registry" '{}'
expect 'registry, by name' ran "$registry" '{ "core-js": true }'
expect 'registry, by name@version' ran "$registry" '{ "core-js@3.40.0": true }'
expect 'registry, by name@version, lockfile without "resolved"' skipped "$registry" '{ "core-js@3.40.0": true }' true
expect 'registry, by name, lockfile without "resolved"' ran "$registry" '{ "core-js": true }' true
expect 'registry, by a range' skipped "$registry" '{ "core-js@^3": true }'
expect 'tarball, by name' skipped "$tarball" '{ "packed": true }'
expect 'tarball, by name@version' skipped "$tarball" '{ "packed@1.2.3": true }'
expect 'tarball, by its file: spec' ran "$tarball" '{ "file:packed-1.2.3.tgz": true }'
expect 'alias, by its own name' skipped "$alias" '{ "polyfills": true }'
expect 'alias, by the name behind it' ran "$alias" '{ "core-js": true }'

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
