#!/usr/bin/env bash
# Bundled by esbuild 0.28.2 with @platformatic/wasm-utils 0.2.1 as an external package (it reads a file beside its code, so it has to be),
# a program that also uses @platformatic/dynamic-buffer 0.3.1 gets a wrong checksum, without an error or a warning: the bundle has its own copy
# of dynamic-buffer, and wasm-utils does not recognize its buffers. With both packages external, the checksum is right. In
# @platformatic/kafka 1.35.0, this is the checksum of each batch: Kafka refuses all of them as corrupt. Only without the optional
# @node-rs/crc32, so not where the package was tried before it was bundled. Seen on 2026-11-28 with Node 20.20.2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund esbuild@0.28.2 @platformatic/wasm-utils@0.2.1 @platformatic/dynamic-buffer@0.3.1
cat >sum.mjs <<'END'
import { DynamicBuffer } from '@platformatic/dynamic-buffer';
import { crc32c } from '@platformatic/wasm-utils';
console.log(crc32c(new DynamicBuffer(Buffer.from('an event'))));
END
bundle() {
  local out=$1
  shift
  npx esbuild sum.mjs --bundle --platform=node --format=esm --outfile="$out" --log-level=warning "$@" 2>&1
}

failures=0
expect() {
  local seen='as before'
  if [ "$2" != "$3" ]; then seen='CHANGED' && failures=$((failures + 1)); fi
  echo "$1: $3 ($seen)"
}
right=$(node sum.mjs)
echo "not bundled: $right"
expect 'warnings of esbuild' '' "$(bundle one.mjs --external:@platformatic/wasm-utils)"
expect 'one external' 'another checksum' "$([ "$(node one.mjs)" = "$right" ] && echo the same || echo another checksum)"
bundle both.mjs --external:@platformatic/wasm-utils --external:@platformatic/dynamic-buffer
expect 'both external' "$right" "$(node both.mjs)"
[ "$failures" -eq 0 ]
