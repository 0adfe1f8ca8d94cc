import { transform } from 'esbuild';
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { followEsbuild } from './esbuild-process';

it('leaves no process of esbuild, which starts again if it is needed', async () => {
  const started: ChildProcess[] = [];
  subscribe('child_process', (message) => {
    started.push((message as { process: ChildProcess }).process);
  });
  await followEsbuild()();
  for (const round of [1, 2]) {
    const end = followEsbuild();
    expect((await transform('let a: number', { loader: 'ts' })).code).toBe('let a;\n');
    expect(started).toHaveLength(round);
    const { pid } = started.at(-1)!;
    expect(process.kill(pid!, 0)).toBe(true);
    await end();
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  }
});
