import { mkdtemp } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../command.js';

/** Calls `use` with its own empty folder, which is removed afterwards in any case. */
export async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'micro-image-'));
  try {
    return await use(directory);
  } finally {
    await unmountInside(directory);
    await mustRun('rm', ['-rf', '--one-file-system', directory]);
  }
}

/** If debootstrap was stopped halfway, it leaves /proc and others mounted in its target. */
async function unmountInside(directory: string): Promise<void> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`));
  for (const point of points.reverse()) await mustRun('umount', ['--lazy', point]);
}
