import { runKubectl, ClusterError, type Cluster } from '../../effects/cluster';
import { readClusterState, readPods } from '../../effects/cluster-state';
import { stubbornRunner } from '../../effects/interruption';
import { formatCommand } from '../../docker/command';
import { kubectl } from '../../kubernetes/kubectl';
import { entryOf } from '../../kubernetes/live-object';
import type { Scope } from '../../kubernetes/object';
import {
  deploymentsToPause,
  forgetArguments,
  rememberArguments,
  saysOtherReplicas,
  startArguments,
  stopArguments,
  type Paused,
} from '../../kubernetes/pause';
import { canaryName } from '../../platform/canary';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import { UserError } from '../../platform/user-error';
import type { DatastoreContainer } from '../backup/place';
import type { Shell } from '../shell';
import { HalfReplaced } from './plan';

/** A cluster whose services are stopped for a moment. */
interface PauseWorld {
  shell: Shell;
  cluster: Cluster;
  scope: Scope;
  environment: KubernetesEnvironment;
}

/** For how many seconds an API server that does not answer is waited for before services are given up. */
const PATIENCE = 60;
const LOOK_AGAIN = 1000;
/** How many seconds after its time to end a pod may still be there. */
const OVERDUE = 30;

/**
 * Stops these services, does `work`, and starts them again as they were, also if it fails. A service whose database is
 * half replaced stays as it is: it would write into what is about to be replaced once more.
 */
export async function withoutServices<T>(
  world: PauseWorld,
  services: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const { objects } = await readClusterState(world.cluster, world.scope);
  const paused = deploymentsToPause(objects, services);
  try {
    await stopAll(world, paused);
    const result = await work();
    await startAll(world, paused);
    return result;
  } catch (error) {
    if (error instanceof NotStarted) throw error;
    const isHalf = ({ service }: Paused) =>
      error instanceof HalfReplaced && error.service === service;
    const left = paused.filter(isHalf).map((one) => describeLeft(world, one));
    const whole = paused.filter((one) => !isHalf(one));
    const failure = await startAll(world, whole).then(
      () => [],
      (reason: Error) => [reason.message],
    );
    if (!(error instanceof UserError)) throw error;
    throw new UserError([error.message, ...left, ...failure].join('\n'));
  }
}

/** The data is restored, but a service is not as it was. */
class NotStarted extends UserError {
  override readonly name = 'NotStarted';
}

/** What becomes of these services, before anybody agreed to it. */
export function describePause(
  containers: readonly DatastoreContainer[],
  services: readonly string[],
): string[] {
  return services.flatMap((service) => {
    const names = [service, canaryName(service)];
    const count = containers.filter(
      (one) => names.includes(one.service) && one.state !== 'exited' && one.state !== 'removing',
    ).length;
    return count === 0
      ? []
      : [
          `${service} is stopped meanwhile (${count} pod${count === 1 ? '' : 's'}), and started again`,
        ];
  });
}

async function stopAll({ shell, cluster, scope }: PauseWorld, paused: readonly Paused[]) {
  for (const one of paused) {
    const what = `Could not stop ${one.name}`;
    await runKubectl(cluster, rememberArguments(one), what);
    await runKubectl(cluster, stopArguments(one), what);
  }
  if (paused.length === 0) return;
  const { clock, signal, say } = shell;
  const until = clock.now() + (Math.max(...paused.map(({ grace }) => grace)) + OVERDUE) * 1000;
  const names = paused.map(({ name }) => name);
  for (;;) {
    const pods = (await readPods(cluster, scope)).filter(
      (pod) =>
        names.includes(entryOf(pod) ?? '') &&
        pod.status?.phase !== 'Succeeded' &&
        pod.status?.phase !== 'Failed',
    );
    if (pods.length === 0) break;
    if (clock.now() >= until) {
      const left = pods.map(({ metadata }) => metadata.name).join(', ');
      throw new UserError(`nothing was restored: these pods do not end: ${left}`);
    }
    signal.throwIfAborted();
    await clock.sleep(LOOK_AGAIN);
  }
  for (const { name, replicas } of paused) say(`${name}  stopped  ${countOf(replicas)}`);
}

/** @throws {NotStarted} naming what is not running as before. */
async function startAll(world: PauseWorld, paused: readonly Paused[]): Promise<void> {
  const { shell } = world;
  // Not interruptible: what was stopped is started again.
  const cluster: Cluster = {
    ...world.cluster,
    runner: stubbornRunner(shell.runner),
    patience: { clock: shell.clock, seconds: PATIENCE, seen: {} },
  };
  const here = { ...world, cluster };
  const started = await Promise.all(paused.map((one) => startAgain(here, one)));
  const ended = await Promise.all(
    paused.map(async (one, index) => started[index] ?? (await waitUntilReady(here, one))),
  );
  const problems = ended.filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new NotStarted(problems.join('\n'));
}

/** @returns what went wrong. */
async function startAgain(world: PauseWorld, one: Paused): Promise<string | undefined> {
  const { cluster } = world;
  try {
    await runKubectl(cluster, startArguments(one), `Could not start ${one.name}`);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (!saysOtherReplicas(error.message)) return `${error.message}\n${describeLeft(world, one)}`;
  }
  // A note that stays says nothing as long as there are pods.
  const what = `Could not change ${one.name}`;
  await runKubectl(cluster, forgetArguments(one), what).catch(() => undefined);
  return undefined;
}

/** @returns what went wrong. */
async function waitUntilReady(
  { shell, cluster, environment }: PauseWorld,
  { name, service, replicas }: Paused,
): Promise<string | undefined> {
  const { healthTimeout } = environment;
  if (shell.signal.aborted) {
    shell.say(`${name}  is starting again  ${countOf(replicas)}`);
    return undefined;
  }
  const args = ['rollout', 'status', `deployment.apps/${name}`, `--timeout=${healthTimeout}s`];
  const timeout = (healthTimeout + OVERDUE) * 1000;
  const { exitCode } = await cluster.runner.run(kubectl(args, cluster), { timeout });
  if (exitCode === 0) {
    shell.say(`${name}  started  ${countOf(replicas)}`);
    return undefined;
  }
  return `${name} was started again, but is not ready after ${healthTimeout} s: see "npx micro logs ${service} -e ${environment.name}"`;
}

function describeLeft({ cluster }: PauseWorld, one: Paused): string {
  const start = formatCommand(kubectl(startArguments(one), cluster));
  return `${one.name} is still stopped; the next restore of ${one.service} that succeeds starts it. To start it now: ${start}`;
}

function countOf(replicas: number): string {
  return `${replicas} pod${replicas === 1 ? '' : 's'}`;
}
