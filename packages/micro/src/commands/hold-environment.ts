import { addressOf } from '../deployment/project';
import { clusterOf, type Cluster } from '../effects/cluster';
import { readCurrentUser } from '../effects/current-user';
import { holdLease } from '../effects/deploy-lease';
import { holdLock } from '../effects/deploy-lock';
import {
  Interrupted,
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
  type Interruption,
} from '../effects/interruption';
import type { LockTerms } from '../effects/lock-wait';
import type { Environment } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { type Shell } from './shell';

/** What keeps an environment from changing. */
interface Hold {
  /** `micro restore`, as those who wait are told. */
  command: string;
  /** Take the lock away from its holder. */
  force: boolean;
}

/**
 * Does `work` while nothing is deployed to a Compose project: the lock is that of deploys. Ctrl-C ends the work and
 * gives the lock back, and who takes the lock away ends the work.
 *
 * @throws {UserError} naming the holder if that does not end in time.
 */
export function holdEnvironment<T>(
  shell: Shell,
  { environment, project, ...hold }: Hold & { environment: Environment; project: string },
  work: (shell: Shell) => Promise<T>,
): Promise<T> {
  return interruptible(shell, hold, environment, (terms, interruption, here) =>
    holdLock(
      {
        ...terms,
        runner: interruptibleRunner(shell.runner, interruption),
        undo: stubbornRunner(shell.runner),
        address: addressOf(environment),
        project,
      },
      () => work(here),
    ),
  );
}

/** The same for a cluster. */
export function holdCluster<T>(
  shell: Shell,
  {
    environment,
    platformName,
    ...hold
  }: Hold & { environment: KubernetesEnvironment; platformName: string },
  work: (shell: Shell) => Promise<T>,
): Promise<T> {
  return interruptible(shell, hold, environment, (terms, interruption, here) => {
    const runner = interruptibleRunner(shell.runner, interruption);
    const { cluster, scope } = clusterOf(runner, platformName, environment);
    const undo: Cluster = { ...cluster, runner: stubbornRunner(shell.runner) };
    return holdLease({ ...terms, cluster, undo, scope }, () => work(here));
  });
}

async function interruptible<T>(
  shell: Shell,
  { command, force }: Hold,
  { lockTimeout }: Pick<Environment, 'lockTimeout'>,
  hold: (terms: LockTerms, interruption: Interruption, here: Shell) => Promise<T>,
): Promise<T> {
  const { clock, signal, say } = shell;
  const ended = new AbortController();
  const trigger = (why: string) => ended.abort(new Interrupted(why));
  const onAbort = () => trigger(`${command} was interrupted`);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  const interruption = { signal: ended.signal, trigger, dispose: () => undefined };
  const person = readCurrentUser();
  const terms: LockTerms = {
    // No other process is of the same run.
    holder: { user: person, pid: process.pid, run: `${person}:${process.pid}`, command },
    timeout: lockTimeout,
    force,
    clock: interruptibleClock(clock, interruption),
    say,
    onLost: trigger,
  };
  try {
    return await hold(terms, interruption, { ...shell, signal: ended.signal });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** In words, of a signal that was aborted. */
export function whyEnded({ reason }: AbortSignal): string {
  return reason instanceof Interrupted ? reason.message : 'it was interrupted';
}
