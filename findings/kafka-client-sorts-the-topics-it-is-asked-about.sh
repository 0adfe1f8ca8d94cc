#!/usr/bin/env bash
# Admin.metadata of @platformatic/kafka 1.35.0 sorts the array of topics that it is given, in place and before it connects: who reads
# the answer in the order in which they asked gets the values of other topics. Seen on 2026-11-28 with Node 20.20.2; no server is needed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @platformatic/kafka@1.35.0
cat >ask.mjs <<'END'
import { Admin } from '@platformatic/kafka';

const admin = new Admin({ clientId: 'finding', bootstrapBrokers: ['127.0.0.1:1'], retries: 0 });
const ask = async (topics) => {
  await admin.metadata({ topics }).catch((error) => console.log(`(${error.code}, as nothing listens there)`));
  return topics.join(' ');
};
const seen = { given: await ask(['orders', 'audit']) };
const copied = ['orders', 'audit'];
await ask([...copied]);
seen.copied = copied.join(' ');
await admin.close();
const expected = { given: 'audit orders', copied: 'orders audit' };
for (const [what, order] of Object.entries(expected)) {
  const isAsBefore = seen[what] === order;
  console.log(`${what}: ${seen[what]} (${isAsBefore ? 'as before' : 'CHANGED'})`);
  if (!isAsBefore) process.exitCode = 1;
}
END
node ask.mjs
