#!/usr/bin/env bash
# @graphql-tools/utils says that it runs on Node 16 or later. Since the patch 12.0.3, it needs @whatwg-node/promise-helpers 2,
# which asks for Node 22.15 or later. With engine-strict, npm 11.19.1 on Node 20.20.2 installs 12.0.1 and refuses 12.0.3
# (EBADENGINE, exit code 1); without it, npm only warns, and makeExecutableSchema works. Seen on 2026-11-28.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools
npm --prefix tools install --silent --no-audit --no-fund node@20.20.2 npm@11.19.1
export PATH="$folder/tools/node_modules/node/bin:$PATH"
npm=(node "$folder/tools/node_modules/npm/bin/npm-cli.js" install --no-audit --no-fund)
echo "Node $(node --version)"

failures=0
expect() {
  local seen='as before'
  if [ "$2" != "$3" ]; then seen='CHANGED' && failures=$((failures + 1)); fi
  echo "$1: $3 ($seen)"
}
try() {
  local version=$1 code=0
  shift
  rm -rf try && mkdir try
  (cd try && "${npm[@]}" "$@" "@graphql-tools/utils@$version" graphql@16.15.0 >../log 2>&1) || code=$?
  printf '%s' "exit code $code$(grep -o 'EBADENGINE' log | head -n 1 | sed 's/^/, /')"
}
expect '12.0.1, strict' 'exit code 0' "$(try 12.0.1 --engine-strict)"
expect '12.0.3, strict' 'exit code 1, EBADENGINE' "$(try 12.0.3 --engine-strict)"
expect '12.0.3' 'exit code 0, EBADENGINE' "$(try 12.0.3)"
says() { node -p "require('./try/node_modules/$1/package.json').engines.node"; }
try 12.0.3 >/dev/null
expect 'engines of 12.0.3' '>=16.0.0' "$(says @graphql-tools/utils)"
expect 'engines of what it needs' '>=22.15.0' "$(says @whatwg-node/promise-helpers)"
(cd try && "${npm[@]}" --silent @graphql-tools/schema@10.1.3 @graphql-tools/utils@12.0.3)
expect 'on Node 20' 'Query' "$(cd try && node -p "require('@graphql-tools/schema').makeExecutableSchema({ typeDefs: 'type Query { a: Int }' }).getQueryType().name")"
[ "$failures" -eq 0 ]
