import type { ChildProcess } from 'node:child_process';

/** How long it is waited for, in milliseconds: a client over ssh may take its time. */
const GOODBYE = 1000;

/** Resolves when the process of a child that was told to end is gone, or after a second. */
export function childGone(child: ChildProcess): Promise<void> {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || exitCode !== null || signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GOODBYE);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
