import { saysAlreadyDone } from '../docker/error-patterns';
import type { Clock } from './clock';
import { SpawnError, type Outcome, type Runner } from './process';
import { UserError } from '../platform/user-error';

/** A deploy that shall end now: what was begun is undone, and nothing more is begun. */
export class Interrupted extends UserError {
  override readonly name = 'Interrupted';
}

/** Whether, and why, a deploy shall end. */
export interface Interruption {
  signal: AbortSignal;
  trigger: (why: string) => void;
  /** Stops listening to the operating system. */
  dispose: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Hears the signals by which a person or Nx ends a deploy, and the end of the Nx process itself. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const trigger = (why: string) => controller.abort(new Interrupted(why));
  const onSignal = (signal: NodeJS.Signals) => trigger(`the deploy was ended by ${signal}`);
  const onDisconnect = () => trigger('the deploy was stopped because Nx ended');
  const ignore = () => undefined;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('disconnect', onDisconnect);
  // Whoever read the output may be gone before the undoing is done.
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  return {
    signal: controller.signal,
    trigger,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('disconnect', onDisconnect);
      process.stdout.off('error', ignore);
      process.stderr.off('error', ignore);
    },
  };
}

/** A runner that ends the command which runs when the deploy is interrupted, and begins no other. */
export function interruptibleRunner(runner: Runner, { signal, trigger }: Interruption): Runner {
  return {
    run: async (command, options = {}) => {
      signal.throwIfAborted();
      try {
        const outcome = await runner.run(command, { ...options, signal });
        // Nx ends the programs that a task started before it ends the task.
        if (wasEnded(outcome)) trigger('the deploy was ended');
        signal.throwIfAborted();
        return outcome;
      } catch (error) {
        if (error instanceof SpawnError) signal.throwIfAborted();
        throw error;
      }
    },
  };
}

const ATTEMPTS = 3;

/** A runner for undoing: a signal that is meant for the deploy does not end its commands for good. */
export function stubbornRunner(runner: Runner): Runner {
  return {
    run: async (command, options = {}) => {
      for (let attempt = 1; ; attempt++) {
        const outcome = await runner.run(command, { ...options, detached: true });
        // The engine went on with what its client was ended in the middle of.
        if (attempt > 1 && saysAlreadyDone(outcome.stderr)) return { ...outcome, exitCode: 0 };
        if (attempt === ATTEMPTS || !wasEnded(outcome)) return outcome;
      }
    },
  };
}

/** By one of the signals that end a deploy; docker itself answers them with 128 and their number. */
function wasEnded({ exitCode, stderr }: Outcome): boolean {
  return [129, 130, 143].includes(exitCode) || /^ended by SIG(?:INT|TERM|HUP)$/m.test(stderr);
}

/** A clock whose sleep ends when the deploy is interrupted. */
export function interruptibleClock(clock: Clock, { signal }: Interruption): Clock {
  return {
    now: () => clock.now(),
    sleep: async (milliseconds) => {
      signal.throwIfAborted();
      let stop = () => {};
      const interrupted = new Promise<never>((_, reject) => {
        const onAbort = () => reject(signal.reason as Error);
        stop = () => signal.removeEventListener('abort', onAbort);
        signal.addEventListener('abort', onAbort);
      });
      try {
        await Promise.race([clock.sleep(milliseconds), interrupted]);
      } finally {
        stop();
      }
    },
  };
}
