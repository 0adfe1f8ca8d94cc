#!/usr/bin/env bash
# Vitest 5.1.1 with Vite 8.3.8: what is in `ssr.resolve.conditions` is given to Node, too, as `--conditions`, so it also decides
# about packages that Vitest leaves to Node. With Vite's own defaults written out (`defaultServerConditions`: module, node,
# development|production), a test that imports `@aws-sdk/client-sqs` 3.1175.0 fails, and passes without the setting: the
# condition `module` of `@aws-sdk/core` leads to files for bundlers, whose imports have no extensions, so that Node finds none
# of them. Who adds a condition of his own beside the defaults, such as the one of a workspace's sources, leaves out `module`.
# Seen on 2026-11-29 with Node 24.21.0. Needs Node 22.12 or later: ./vitest-gives-conditions-of-ssr-to-node.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "name": "conditions", "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund vitest@5.1.1 vite@8.3.8 @aws-sdk/client-sqs@3.1175.0
cat >client.test.js <<'EOF'
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
it('has a client', () => expect(new SQSClient({ region: 'eu-central-1' })).toBeDefined());
EOF

# run <conditions>: prints the result; the exit code is Vitest's
run() {
  cat >vitest.config.js <<EOF
import { defaultServerConditions } from 'vite';
export default { ssr: { resolve: $1 } };
EOF
  npx vitest run >output.txt 2>&1
}

run '{}' && echo 'no conditions: passes'
run "{ conditions: ['own', ...defaultServerConditions.filter((one) => one !== 'module')] }" && echo 'own, and the defaults without module: passes'
if run "{ conditions: ['own', ...defaultServerConditions] }"; then
  echo 'own, and the defaults: passes'
  exit 1
fi
echo "own, and the defaults: $(grep --max-count=1 --only-matching 'Cannot find module.*' output.txt | sed "s|$folder|.|g")"
