#!/usr/bin/env bash
# npm 11.19.1 and 12.2.1, Nx 22.7.12: a workspace that has @nx/devkit 22.7.12 (of @nx/js) cannot install a plugin whose peer
# is @nx/devkit ">=22 <25". npm takes the newest version in that range, 24.0.0, in place of the one that is there and fits,
# and then refuses it, since it wants nx 23 or later (ERESOLVE, exit code 1). As a dependency of the plugin, the same range
# is met by the version that is there. Seen on 2026-11-27.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools peer dependency workspace
npm --prefix tools install --silent --no-audit --no-fund node@24.21.0 npm-11@npm:npm@11.19.1 npm-12@npm:npm@12.2.1
node=$(PATH="$folder/tools/node_modules/.bin:$PATH" command -v node)
range='"@nx/devkit": ">=22 <25"'
echo "{ \"name\": \"a-plugin\", \"version\": \"1.0.0\", \"peerDependencies\": { $range } }" >peer/package.json
echo "{ \"name\": \"a-plugin\", \"version\": \"1.0.0\", \"dependencies\": { $range } }" >dependency/package.json
(cd peer && npm pack --silent >/dev/null)
(cd dependency && npm pack --silent >/dev/null)

cat >workspace/package.json <<'JSON'
{ "private": true, "devDependencies": { "nx": "22.7.12", "@nx/js": "22.7.12" } }
JSON
npm --prefix workspace install --silent --ignore-scripts --no-audit --no-fund

failures=0
expect() {
  local seen
  if [ "$2" = "$seen_status" ] && grep -q "$3" log; then seen='as before'; else seen='CHANGED'; failures=$((failures + 1)); fi
  echo "$1: exit code $seen_status, $(grep -o "$3" log | head -n 1) ($seen)"
}
for npm in npm-11 npm-12; do
  for kind in peer dependency; do
    rm -rf try && cp -r workspace try
    seen_status=0
    (cd try && "$node" "../tools/node_modules/$npm/bin/npm-cli.js" install --save-dev "../$kind/a-plugin-1.0.0.tgz" \
      --ignore-scripts --no-audit --no-fund >../log 2>&1) || seen_status=$?
    if [ "$kind" = dependency ]; then
      node -p '"@nx/devkit " + require("./try/node_modules/@nx/devkit/package.json").version' >>log
      expect "$npm, as a dependency" 0 '@nx/devkit 22.7.12'
    else
      expect "$npm, as a peer" 1 'from @nx/devkit@24[0-9.]*'
    fi
  done
done
[ "$failures" -eq 0 ]
