import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineAddress } from '../../docker/command';
import { createArguments, type ComposeProject } from '../../docker/compose';
import {
  connectArguments,
  disconnectArguments,
  removeArguments,
  startArguments,
  stopArguments,
} from '../../docker/container';
import {
  readContainers,
  readLastLogLines,
  readProjectContainers,
  type Container,
} from '../../effects/containers';
import { runDocker } from '../../effects/engine';
import type { Runner } from '../../effects/process';
import { UserError } from '../../platform/user-error';
import type { DeployPlan } from './plan';

const LOG_LINES = 20;
const POLL_MILLISECONDS = 250;
/** How long a container without a health check has to stay up. */
const STEADY_MILLISECONDS = 3000;
/** A container that was restarted this often will not become healthy by waiting. */
const TOO_MANY_RESTARTS = 3;

export interface Roll {
  runner: Runner;
  address: EngineAddress;
  project: ComposeProject;
  service: string;
  plan: Exclude<DeployPlan, { kind: 'keep' }>;
  /** Seconds that a container may take to become healthy. */
  healthTimeout: number;
  say: (line: string) => void;
}

/**
 * Replaces the containers of one service: the new ones are started beside the old, get no traffic
 * until they are healthy, and only then are the old ones stopped. Where a host port is published the
 * old ones are stopped first, and started again if the new ones do not become healthy.
 *
 * @returns the new containers.
 * @throws {UserError} with the container's last lines; then the old containers serve as before.
 */
export async function roll(parts: Roll): Promise<Container[]> {
  const { runner, address, plan, service, say } = parts;
  const run = (args: readonly string[], what: string) => runDocker(runner, args, address, what);
  const idsOf = (containers: readonly Container[]) => containers.map(({ id }) => id);
  if (plan.leftovers.length > 0) {
    await run(
      removeArguments(idsOf(plan.leftovers)),
      `Could not remove what an earlier deploy of ${service} left`,
    );
  }
  const created = await createContainers(parts);
  const ids = idsOf(created);
  const hidden = plan.order === 'start-first' && plan.serving.length > 0;
  let stopped = false;
  try {
    if (hidden) await hide(run, created);
    if (plan.order === 'stop-first') {
      stopped = true;
      await run(stopArguments(idsOf(plan.serving)), `Could not stop ${service}`);
    }
    await run(startArguments(ids), `Could not start ${service}`);
    await waitUntilHealthy(parts, ids);
    if (hidden) await reveal(run, created);
  } catch (error) {
    const told = await tellWhy(parts, ids, error);
    await putBack(parts, ids, stopped);
    throw told;
  }
  if (plan.serving.length > 0) {
    if (!stopped)
      await run(stopArguments(idsOf(plan.serving)), `Could not stop the old ${service}`);
    await run(removeArguments(idsOf(plan.serving)), `Could not remove the old ${service}`);
    say(`${service}  stopped the old ${plan.serving.length === 1 ? 'container' : 'containers'}`);
  }
  return readContainers(runner, address, ids);
}

type Run = (args: readonly string[], what: string) => Promise<unknown>;

async function createContainers({
  runner,
  address,
  project,
  service,
  plan,
}: Roll): Promise<Container[]> {
  const total = plan.serving.length + plan.replicas;
  await runDocker(
    runner,
    createArguments(project, service, total),
    address,
    `Could not create the container of ${service}`,
  );
  const old = new Set(plan.serving.map(({ id }) => id));
  const all = await readProjectContainers(runner, address, project.name);
  return all.filter((container) => container.service === service && !old.has(container.id));
}

/** Takes the new containers out of name resolution before they start; they reach others all the same. */
async function hide(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { id, name, networks } of containers) {
    for (const network of Object.keys(networks)) {
      await run(disconnectArguments(network, id), `Could not take ${name} off ${network}`);
      await run(connectArguments(network, id, []), `Could not connect ${name} to ${network}`);
    }
  }
}

/** Lets the healthy containers be found under the service's name. */
async function reveal(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { id, name, service, networks } of containers) {
    for (const network of Object.keys(networks)) {
      await run(disconnectArguments(network, id), `Could not take ${name} off ${network}`);
      await run(
        connectArguments(network, id, [service, name]),
        `Could not connect ${name} to ${network}`,
      );
    }
  }
}

async function waitUntilHealthy(
  { runner, address, healthTimeout, service }: Roll,
  ids: readonly string[],
): Promise<void> {
  const started = Date.now();
  for (;;) {
    const containers = await readContainers(runner, address, ids);
    const waited = Date.now() - started;
    const ill = containers.find(isLost);
    if (containers.length < ids.length || ill) {
      throw new UserError(
        `${service}: ${ill ? `${ill.name} ${describe(ill)}` : 'a new container is gone'}`,
      );
    }
    const isUp = ({ state, health }: Container) =>
      state === 'running' &&
      (health === 'healthy' || (health === 'none' && waited >= STEADY_MILLISECONDS));
    if (containers.every(isUp)) return;
    if (waited > healthTimeout * 1000) {
      const slow = containers.find((container) => !isUp(container))!;
      throw new UserError(`${service}: ${slow.name} was not healthy after ${healthTimeout} s`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function isLost({ state, health, restarts }: Container): boolean {
  return (
    health === 'unhealthy' ||
    state === 'exited' ||
    state === 'dead' ||
    restarts >= TOO_MANY_RESTARTS
  );
}

function describe({ state, health, restarts }: Container): string {
  if (health === 'unhealthy') return 'is unhealthy';
  return restarts >= TOO_MANY_RESTARTS ? `ended ${restarts} times` : `is ${state}`;
}

/** Adds what the containers last said to the error that ended the roll. */
async function tellWhy(
  { runner, address, plan }: Roll,
  ids: readonly string[],
  error: unknown,
): Promise<UserError> {
  if (!(error instanceof UserError)) throw error;
  const containers = await readContainers(runner, address, ids).catch(() => []);
  const lines = [error.message];
  for (const { id, name, healthOutput } of containers) {
    const logs = await readLastLogLines(runner, address, id, LOG_LINES).catch(() => '');
    lines.push(`  the last lines of ${name}:`, indent(logs === '' ? '(it wrote nothing)' : logs));
    if (healthOutput !== '') lines.push('  its last health check said:', indent(healthOutput));
  }
  lines.push(
    plan.serving.length > 0
      ? '  the version that ran before is serving again'
      : '  nothing of it is left on the engine',
  );
  return new UserError(lines.join('\n'));
}

/** Removes the new containers and, where they had been stopped for them, starts the old ones. */
async function putBack(
  { runner, address, plan, service }: Roll,
  ids: readonly string[],
  stopped: boolean,
): Promise<void> {
  await runDocker(runner, removeArguments(ids), address, `Could not remove the new ${service}`);
  if (stopped) {
    const old = plan.serving.map(({ id }) => id);
    await runDocker(
      runner,
      startArguments(old),
      address,
      `Could not start the old ${service} again`,
    );
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
