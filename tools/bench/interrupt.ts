import { LabError } from '../program.js';
import { endAllChildren } from '../testing/child.js';

/** Aborted with a LabError on Ctrl-C. Running commands are ended, and their callers clean up. */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      controller.abort(new LabError(`interrupted by ${signal}`));
      endAllChildren('SIGTERM');
    });
  }
  return controller.signal;
}
