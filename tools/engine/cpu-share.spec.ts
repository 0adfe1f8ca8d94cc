import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { raiseContainersShare } from './cpu-share.js';

/** A folder with the files of the kernel's interface. */
function cgroups(...files: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'micro-spec-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

it.each([
  ['version 1', ['cpu/docker/cpu.shares'], 'cpu/docker/cpu.shares', '16384'],
  ['version 2', ['cgroup.controllers', 'docker/cpu.weight'], 'docker/cpu.weight', '1600'],
])('gives containers more weight than one process: %s', (_, files, file, value) => {
  const root = cgroups(...files);
  raiseContainersShare(root);
  expect(readFileSync(join(root, file), 'utf8')).toBe(value);
});

it('writes nothing if there are no control groups, or none for processors', () => {
  const none = cgroups();
  raiseContainersShare(none);
  expect(readdirSync(none)).toEqual([]);
  const off = cgroups('cgroup.controllers');
  raiseContainersShare(off);
  expect(readdirSync(join(off, 'docker'))).toEqual([]);
});
