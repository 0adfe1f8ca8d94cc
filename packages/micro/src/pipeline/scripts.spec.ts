import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { fileReader } from '../effects/files';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import { verifyScript } from './scripts';

const STAGING = { name: 'staging', engine: 'compose' as const, variables: [] };

/** Runs the script with an `npx` that ends with this exit code. */
function verify(files: Record<string, string>, exitCode: number) {
  const root = temporaryWorkspace({
    'bin/npx': `#!/bin/sh\necho "$*" >> calls\nexit ${exitCode}\n`,
  });
  chmodSync(join(root, 'bin/npx'), 0o755);
  writeFiles(root, files);
  const PATH = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`;
  const script = ['-e', '-o', 'pipefail', '-c', verifyScript(STAGING)];
  const { status } = spawnSync('bash', script, { cwd: root, env: { PATH } });
  return { status, asked: fileReader(root)('calls')?.trim() };
}

it('verifies what a job pushed, and fails with it', () => {
  const receipt = { 'dist/receipts/apps/orders/docker-push.staging.json': '{}' };
  const asked = 'micro status -e staging --check --pushed';
  expect(verify(receipt, 0)).toEqual({ status: 0, asked });
  expect(verify(receipt, 1)).toEqual({ status: 1, asked });
});

it.each([
  ['nothing was built', {}],
  [
    'something was pushed for another environment only',
    { 'dist/receipts/apps/orders/docker-push.production.json': '{}' },
  ],
])('asks nobody if %s', (_, files: Record<string, string>) => {
  expect(verify(files, 1)).toEqual({ status: 0, asked: undefined });
});
