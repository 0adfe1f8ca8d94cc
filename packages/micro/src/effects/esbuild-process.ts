import { stop } from 'esbuild';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** How long it is waited for, in milliseconds. */
const GOODBYE = 1000;

/**
 * Follows the process that esbuild starts with its first bundle and keeps until this one ends. esbuild ends it, but does not
 * say when it is gone.
 *
 * @returns ends it, and resolves when it is gone.
 */
export function followEsbuild(): () => Promise<void> {
  const started: ChildProcess[] = [];
  const note = (message: unknown) => {
    started.push((message as { process: ChildProcess }).process);
  };
  subscribe('child_process', note);
  return async () => {
    unsubscribe('child_process', note);
    const running = started.filter(isEsbuild).filter(({ exitCode }) => exitCode === null);
    const gone = running.map((child) => whenGone(child));
    await stop();
    await Promise.all(gone);
  };
}

function isEsbuild({ spawnargs = [] }: Partial<ChildProcess>): boolean {
  return spawnargs.some((argument) => argument.startsWith('--service='));
}

function whenGone(child: ChildProcess): Promise<void> {
  child.ref();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GOODBYE);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
