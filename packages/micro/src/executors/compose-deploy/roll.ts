import type { EngineAddress } from '../../docker/command';
import { createArguments, type ComposeProject } from '../../docker/compose';
import {
  connectArguments,
  disconnectArguments,
  removeArguments,
  startArguments,
  stopArguments,
} from '../../docker/container';
import type { Clock } from '../../effects/clock';
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
/**
 * How long a container stays off a network before it comes back under its names. Linux reports
 * changes of links once a second at most (net/core/link_watch.c): a port that comes back earlier is
 * found by name and does not answer for up to a second.
 */
const LINK_MILLISECONDS = 1100;
/** How long those who looked an address up a moment ago have for coming with it. */
const DRAIN_MILLISECONDS = 2000;
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
  clock: Clock;
  say: (line: string) => void;
}

/**
 * Replaces the containers of one service: the new ones are started beside the old, get no traffic
 * until they are healthy, and only then are the old ones stopped. Where two cannot run side by side
 * the old ones are stopped first, and started again if the new ones do not become healthy.
 *
 * @returns the new containers.
 * @throws {UserError} with the container's last lines; then the old containers serve as before.
 */
export async function roll(parts: Roll): Promise<Container[]> {
  const { runner, address, plan, service, say } = parts;
  const run = runIn(parts);
  if (plan.leftovers.length > 0) {
    await run(
      removeArguments(idsOf(plan.leftovers)),
      `Could not remove what an earlier deploy of ${service} left`,
    );
  }
  const hidden = plan.order === 'start-first' && plan.serving.length > 0;
  let ids: string[] = [];
  let stopped = false;
  try {
    const created = await createContainers(parts);
    ids = idsOf(created);
    if (hidden) await hide(run, created);
    if (plan.order === 'stop-first') {
      stopped = true;
      await run(stopArguments(idsOf(plan.serving)), `Could not stop ${service}`);
    }
    await run(startArguments(ids), `Could not start ${service}`);
    await waitUntilHealthy(parts, ids);
    if (hidden) await reveal(parts, created);
  } catch (error) {
    if (ids.length === 0) ids = idsOf(await findNew(parts).catch(() => []));
    const lastWords = await readLastWords(parts, ids);
    const outcome = await putBack(parts, ids, stopped);
    if (!(error instanceof UserError)) throw error;
    throw new UserError([error.message, ...lastWords, ...outcome].join('\n'));
  }
  if (plan.serving.length > 0) {
    const old = idsOf(plan.serving);
    if (hidden) await drain(parts);
    if (!stopped) await run(stopArguments(old), `Could not stop the old ${service}`);
    await run(removeArguments(old), `Could not remove the old ${service}`);
    say(`${service}  stopped the old ${plan.serving.length === 1 ? 'container' : 'containers'}`);
  }
  return readContainers(runner, address, ids);
}

type Run = (args: readonly string[], what: string) => Promise<unknown>;

function runIn({ runner, address }: Roll): Run {
  return (args, what) => runDocker(runner, args, address, what);
}

function idsOf(containers: readonly Container[]): string[] {
  return containers.map(({ id }) => id);
}

async function createContainers(parts: Roll): Promise<Container[]> {
  const { project, service, plan } = parts;
  const total = plan.serving.length + plan.replicas;
  await runIn(parts)(
    createArguments(project, service, total),
    `Could not create the container of ${service}`,
  );
  const created = await findNew(parts);
  if (created.length !== plan.replicas) {
    throw new UserError(
      `${service}: docker compose made ${created.length} containers instead of ${plan.replicas}: look for another deploy at the same time`,
    );
  }
  return created;
}

/** The containers of the service that did not serve before. */
async function findNew({ runner, address, project, service, plan }: Roll): Promise<Container[]> {
  const old = new Set(idsOf(plan.serving));
  const all = await readProjectContainers(runner, address, project.name);
  return all.filter((container) => container.service === service && !old.has(container.id));
}

/** Takes containers out of name resolution; they reach others all the same. */
async function hide(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { container, network } of placesOf(containers)) {
    await leave(run, container, network);
    await join(run, container, network, []);
  }
}

/** Lets the healthy containers be found under every name that their entry gives them. */
async function reveal(parts: Roll, containers: readonly Container[]): Promise<void> {
  const run = runIn(parts);
  for (const { container, network } of placesOf(containers)) await leave(run, container, network);
  await parts.clock.sleep(LINK_MILLISECONDS);
  for (const { container, network, aliases } of placesOf(containers)) {
    await join(run, container, network, aliases);
  }
}

/**
 * Lets the old containers end what they were asked before they are stopped. A name can only be taken
 * away by connecting anew; the engine gives the lowest free address, which is the one they had, so
 * that open connections go on.
 */
async function drain(parts: Roll): Promise<void> {
  const { plan, service, clock, say } = parts;
  try {
    await hide(runIn(parts), plan.serving);
    await clock.sleep(DRAIN_MILLISECONDS);
  } catch (error) {
    // The new ones serve already: what remains is to stop the old.
    if (!(error instanceof UserError)) throw error;
    say(`${service}  warning: ${error.message}`);
  }
}

function placesOf(containers: readonly Container[]) {
  return containers.flatMap((container) =>
    Object.entries(container.networks).map(([network, { aliases }]) => ({
      container,
      network,
      aliases,
    })),
  );
}

function leave(run: Run, { id, name }: Container, network: string): Promise<unknown> {
  return run(disconnectArguments(network, id), `Could not take ${name} off ${network}`);
}

function join(
  run: Run,
  { id, name }: Container,
  network: string,
  aliases: readonly string[],
): Promise<unknown> {
  return run(connectArguments(network, id, aliases), `Could not connect ${name} to ${network}`);
}

async function waitUntilHealthy(
  { runner, address, healthTimeout, service, clock }: Roll,
  ids: readonly string[],
): Promise<void> {
  const started = clock.now();
  for (;;) {
    const containers = await readContainers(runner, address, ids);
    const waited = clock.now() - started;
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
      throw new UserError(
        `${service}: ${slow.name} was not healthy after ${healthTimeout} s (healthTimeout of the environment)`,
      );
    }
    await clock.sleep(POLL_MILLISECONDS);
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

/** What the new containers last said. */
async function readLastWords({ runner, address }: Roll, ids: readonly string[]): Promise<string[]> {
  const containers = await readContainers(runner, address, ids).catch(() => []);
  const lines: string[] = [];
  for (const { id, name, state, healthOutput } of containers) {
    if (state === 'created') continue;
    const logs = await readLastLogLines(runner, address, id, LOG_LINES).catch(() => '');
    lines.push(`  the last lines of ${name}:`, indent(logs === '' ? '(it wrote nothing)' : logs));
    if (healthOutput !== '') lines.push('  its last health check said:', indent(healthOutput));
  }
  return lines;
}

/**
 * Removes the new containers and, where they had been stopped for them, starts the old ones.
 * @returns what serves now, in words.
 */
async function putBack(parts: Roll, ids: readonly string[], stopped: boolean): Promise<string[]> {
  const { plan, service } = parts;
  const run = runIn(parts);
  const failures: string[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      failures.push(`  ${(error as Error).message}`);
    }
  };
  if (ids.length > 0) {
    await attempt(() => run(removeArguments(ids), `Could not remove the new ${service}`));
  }
  const names = plan.serving.map(({ name }) => name).join(', ');
  if (plan.serving.length === 0) {
    return failures.length > 0 ? failures : ['  nothing of it is left on the engine'];
  }
  if (!stopped) return [...failures, `  ${names} serves on; it was not touched`];
  const old = idsOf(plan.serving);
  await attempt(async () => {
    await run(startArguments(old), `Could not start the old ${service} again`);
    await waitUntilHealthy(parts, old);
  });
  return failures.length > 0
    ? [...failures, `  ${names} ran before: look at it with "docker start" and "docker logs"`]
    : [`  ${names}, which ran before, serves again`];
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
