import { setMaxListeners } from 'node:events';
import { saysAlreadyDone } from '../docker/error-patterns';
import type { Clock } from './clock';
import { SpawnError, type Outcome, type Runner } from './process';
import { UserError } from '../platform/user-error';

/** Thrown when a deploy is interrupted: started steps are undone, and no new ones begin. */
export class Interrupted extends UserError {
  override readonly name = 'Interrupted';
}

/** Whether a deploy was interrupted, and why. */
export interface Interruption {
  signal: AbortSignal;
  trigger: (why: string) => void;
  /** Stops listening to the operating system. */
  dispose: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for signals from a person or Nx, and for the end of the Nx process. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  // Each command that runs at the same time listens; Node 20 warns of a leak if there are more than ten.
  setMaxListeners(0, controller.signal);
  const trigger = (why: string) => controller.abort(new Interrupted(why));
  const onSignal = (signal: NodeJS.Signals) => trigger(`the deploy was ended by ${signal}`);
  const onDisconnect = () => trigger('the deploy was stopped because Nx ended');
  const ignore = () => undefined;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('disconnect', onDisconnect);
  // The process that reads our output may end before the undo is done.
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

/** A runner that kills the current command when the deploy is interrupted, and starts no other command. */
export function interruptibleRunner(runner: Runner, { signal, trigger }: Interruption): Runner {
  return {
    run: async (command, options = {}) => {
      signal.throwIfAborted();
      try {
        const outcome = await runner.run(command, { ...options, signal });
        // Nx kills a task's child processes before the task itself.
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

/** A runner for undoing. If a signal to the deploy killed a command, it runs the command again. */
export function stubbornRunner(runner: Runner): Runner {
  return {
    run: async (command, options = {}) => {
      for (let attempt = 1; ; attempt++) {
        const outcome = await runner.run(command, { ...options, detached: true });
        // The engine has finished what the killed client had asked for.
        if (attempt > 1 && saysAlreadyDone(outcome.stderr)) return { ...outcome, exitCode: 0 };
        if (attempt === ATTEMPTS || !wasEnded(outcome)) return outcome;
      }
    },
  };
}

/** Whether a command was ended by a signal; docker itself exits with 128 plus the signal's number. */
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
