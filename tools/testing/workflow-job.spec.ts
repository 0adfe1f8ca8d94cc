import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../../packages/micro/src/testing/temporary-workspace.js';
import { artifactFolder, runJob } from './workflow-job.js';

/** A working copy with a folder above it that is its own. */
function workingCopy(): string {
  const root = join(temporaryWorkspace({}), 'copy');
  mkdirSync(root);
  return root;
}

const steps = (code: number) => `jobs:
  deploy:
    steps:
      - run: mkdir -p dist/scans && echo found > dist/scans/one.sarif && exit ${code}
      - if: '!cancelled()'
        uses: actions/upload-artifact@0 # v5
        with: { name: scans, path: dist/scans, overwrite: true }
      - run: echo verified
`;

it('after a step that failed, keeps the artifact, and runs nothing else', async () => {
  const root = workingCopy();
  const { success, output } = await runJob(root, steps(1), 'deploy', { github: {} });
  expect({ success, output }).toEqual({ success: false, output: '' });
  expect(readFileSync(join(artifactFolder(root, 'scans'), 'one.sarif'), 'utf8')).toBe('found\n');
});

it('runs all steps if none fails', async () => {
  const root = workingCopy();
  const { success, output } = await runJob(root, steps(0), 'deploy', { github: {} });
  expect({ success, output }).toEqual({ success: true, output: 'verified\n' });
});

it('refuses an action that it does not know', async () => {
  const text = 'jobs: { check: { steps: [{ uses: someone/else@0 }] } }';
  const job = runJob(workingCopy(), text, 'check', { github: {} });
  await expect(job).rejects.toThrow('unknown action someone/else@0');
});
