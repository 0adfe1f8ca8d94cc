import { stop } from 'esbuild';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { childGone } from './child-gone';

/**
 * Runs a batch of tasks that bundle, and then ends the process that esbuild started with the first bundle. esbuild can end
 * it, but does not say when it is gone. Nx waits for every process that a batch leaves, until PID 1 has reaped it.
 */
export async function* endingEsbuild<Ended>(tasks: AsyncGenerator<Ended>): AsyncGenerator<Ended> {
  const started: ChildProcess[] = [];
  const note = (message: unknown) => {
    started.push((message as { process: ChildProcess }).process);
  };
  subscribe('child_process', note);
  try {
    yield* tasks;
  } finally {
    unsubscribe('child_process', note);
    const gone = started.filter(isEsbuild).map(childGone);
    await stop();
    await Promise.all(gone);
  }
}

function isEsbuild({ spawnargs = [] }: Partial<ChildProcess>): boolean {
  return spawnargs.some((argument) => argument.startsWith('--service='));
}
