import { transform } from 'esbuild';
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { endingEsbuild } from './esbuild-process';

it('leaves no process of esbuild, which starts again if it is needed', async () => {
  const started: ChildProcess[] = [];
  subscribe('child_process', (message) => {
    started.push((message as { process: ChildProcess }).process);
  });
  const none = async function* () {};
  expect(await endingEsbuild(none()).next()).toMatchObject({ done: true });
  const compile = async function* () {
    yield (await transform('let a: number', { loader: 'ts' })).code;
  };
  for (const round of [1, 2]) {
    const tasks = endingEsbuild(compile());
    expect(await tasks.next()).toEqual({ done: false, value: 'let a;\n' });
    expect(started).toHaveLength(round);
    const { pid } = started.at(-1)!;
    expect(process.kill(pid!, 0)).toBe(true);
    expect(await tasks.next()).toMatchObject({ done: true });
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  }
});
