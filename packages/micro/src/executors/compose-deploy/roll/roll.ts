import type { EngineAddress } from '../../../docker/command';
import { createArguments, type ComposeProject } from '../../../docker/compose';
import {
  connectArguments,
  disconnectArguments,
  putFilesArguments,
  removeArguments,
  startArguments,
  stopArguments,
} from '../../../docker/container';
import type { Clock } from '../../../effects/clock';
import {
  readContainers,
  readLastLogLines,
  readProjectContainers,
  type Container,
} from '../../../effects/containers';
import { runDocker } from '../../../effects/engine';
import { readNetwork } from '../../../effects/networks';
import type { Runner } from '../../../effects/process';
import type { Secret } from '../../../platform/secret';
import { UserError } from '../../../platform/user-error';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { keepsAddress } from './addresses';
import { Interrupted } from '../../../effects/interruption';
import { planSteps, type RollStep, type ServiceChange } from '../../../deployment/plan';
import { SECRETS_FOLDER } from '../../../deployment/secrets';

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
  plan: ServiceChange;
  /** A tar archive with the secrets of new containers. */
  secrets?: Secret;
  /** Seconds that a container may take to become healthy. */
  healthTimeout: number;
  /** Seconds that it has to stay healthy before what it replaces is stopped. */
  steady: number;
  clock: Clock;
  /** What undoing uses: it goes on where the deploy is interrupted. */
  undo: { runner: Runner; clock: Clock };
  /** Gives or frees addresses of networks while no other service of the run does. */
  addresses: <T>(work: () => Promise<T>) => Promise<T>;
  /** Makes containers while no other service of the run does. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  say: (line: string) => void;
}

/** A roll that failed or was interrupted. */
export class RollFailure extends UserError {
  override readonly name = 'RollFailure';

  constructor(
    message: string,
    /** Whether the engine is as it was before; else the next deploy has something to finish. */
    readonly undone: boolean,
  ) {
    super(message);
  }
}

/** What a roll has done so far, so that it can be undone. */
interface Progress {
  /** New containers that were healthy, and that others may call by now. */
  found: Container[];
  /** New containers of the step that is being taken. */
  current: Container[];
  hidden: Container[];
  stopped: Container[];
}

/**
 * Replaces the containers of one service: the new ones are started beside the old, get no traffic
 * until they are healthy, and only once they stayed healthy are the old ones stopped, one after the
 * other where there are several. Where two cannot run side by side the old ones are stopped first.
 * The old ones are removed at the very end, so that until then they can serve again.
 *
 * @returns the containers that serve now.
 * @throws {UserError} with the container's last lines; then the old containers serve as before.
 */
export async function roll(parts: Roll): Promise<Container[]> {
  const { address, plan, service } = parts;
  if (plan.leftovers.length > 0) await removeLeftovers(parts, plan.leftovers);
  const progress: Progress = { found: [], current: [], hidden: [], stopped: [] };
  try {
    const steps = planSteps(plan);
    for (const step of steps) await takeStep(parts, step, progress, step === steps.at(-1));
  } catch (error) {
    const interrupted = error instanceof Interrupted;
    if (progress.current.length === 0) {
      progress.current = await findNew(parts, progress).catch(() => []);
    }
    const lastWords = interrupted ? [] : await readLastWords(parts, idsOf(progress.current));
    const { undone, outcome } = await putBack(parts, progress);
    if (!(error instanceof UserError)) throw error;
    throw new RollFailure([error.message, ...lastWords, ...outcome].join('\n'), undone);
  }
  const old = idsOf(progress.stopped);
  if (old.length > 0) {
    await undoing(parts)(removeArguments(old), `Could not remove the old ${service}`);
  }
  // Also where the run is interrupted by now: all that was wanted is done.
  return readContainers(parts.undo.runner, address, idsOf([...plan.kept, ...progress.found]));
}

/** Removes what serves nobody; what still runs may end what it was asked. */
export async function removeLeftovers(
  { runner, address, service }: Pick<Roll, 'runner' | 'address' | 'service'>,
  leftovers: readonly Container[],
): Promise<void> {
  const what = `Could not remove what an earlier deploy of ${service} left`;
  const running = leftovers.filter(({ state }) => state === 'running');
  if (running.length > 0) await runDocker(runner, stopArguments(idsOf(running)), address, what);
  await runDocker(runner, removeArguments(idsOf(leftovers)), address, what);
}

async function takeStep(
  parts: Roll,
  step: RollStep,
  progress: Progress,
  isLast: boolean,
): Promise<void> {
  const { plan, service } = parts;
  const run = runIn(parts);
  const stopFirst = plan.order === 'stop-first';
  if (step.create > 0) {
    const begun = parts.clock.now();
    const created = await createContainers(parts, step, progress);
    progress.current = created;
    const hidden = !stopFirst && plan.serving.length > 0;
    if (hidden) await hide(run, created);
    if (stopFirst) await stopOld(parts, step.retire, progress);
    await run(startArguments(idsOf(created)), `Could not start ${service}`);
    await waitUntilHealthy(parts, idsOf(created));
    tellStep(parts, 'healthy', created, begun);
    progress.found.push(...created);
    if (hidden) await reveal(run, created, parts.clock);
    await watch(parts, created);
    progress.current = [];
  }
  if (!stopFirst && step.retire.length > 0) {
    progress.hidden.push(...step.retire);
    // All that is wanted serves by now: where the deploy has to end, to finish takes less than to undo.
    const ending = isLast ? { ...parts, ...parts.undo } : parts;
    await drain(ending, step.retire);
    await stopOld(ending, step.retire, progress);
  }
}

async function stopOld(
  parts: Roll,
  retired: readonly Container[],
  { stopped }: Progress,
): Promise<void> {
  const begun = parts.clock.now();
  stopped.push(...retired);
  await runIn(parts)(stopArguments(idsOf(retired)), `Could not stop the old ${parts.service}`);
  tellStep(parts, 'stopped', retired, begun);
}

/** `orders  healthy  acme-orders-2  4.2 s` */
function tellStep(
  { service, clock, say }: Roll,
  verb: string,
  containers: readonly Container[],
  begun: number,
): void {
  const names = containers.map(({ name }) => name).join(', ');
  say(formatStep(service, verb, `${names}  ${formatSeconds(clock.now() - begun)}`));
}

type Run = (args: readonly string[], what: string) => Promise<unknown>;

type Engine = Pick<Roll, 'runner' | 'address' | 'addresses'>;

/** Containers that start, stop and move give and free addresses. */
function runIn({ runner, address, addresses }: Engine): Run {
  return (args, what) => addresses(() => runDocker(runner, args, address, what));
}

function undoing({ undo, address, addresses }: Roll): Run {
  return runIn({ runner: undo.runner, address, addresses });
}

function idsOf(containers: readonly Container[]): string[] {
  return containers.map(({ id }) => id);
}

async function createContainers(
  parts: Roll,
  { create }: RollStep,
  progress: Progress,
): Promise<Container[]> {
  const { project, service, plan, alone } = parts;
  const total = plan.serving.length + progress.found.length + create;
  await alone(() =>
    runIn(parts)(
      createArguments(project, service, total),
      `Could not create the container of ${service}`,
    ),
  );
  const created = await findNew(parts, progress);
  if (created.length !== create) {
    throw new UserError(
      `${service}: docker compose made ${created.length} containers instead of ${create}: look for another deploy at the same time`,
    );
  }
  await giveSecrets(parts, created);
  return created;
}

/** Before a container starts, and through standard input: the values touch no disk on their way. */
export async function giveSecrets(
  { runner, address, service, secrets }: Pick<Roll, 'runner' | 'address' | 'service' | 'secrets'>,
  created: readonly Container[],
): Promise<void> {
  if (!secrets) return;
  for (const { id, name } of created) {
    const what = `Could not give ${name} the secrets of ${service}`;
    const args = putFilesArguments(id, SECRETS_FOLDER);
    await runDocker(runner, args, address, what, { stdin: secrets.reveal() });
  }
}

/** The containers of the service that did not serve before, nor came with an earlier step. */
async function findNew(
  { undo, address, project, service, plan }: Roll,
  { found }: Progress,
): Promise<Container[]> {
  const known = new Set(idsOf([...plan.serving, ...found]));
  const all = await readProjectContainers(undo.runner, address, project.name);
  return all.filter((container) => container.service === service && !known.has(container.id));
}

/** Takes containers out of name resolution; they reach others all the same. */
async function hide(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { container, network } of placesOf(containers)) {
    await leave(run, container, network);
    await join(run, container, network, []);
  }
}

/**
 * Takes containers that serve out of name resolution, and leaves those as they are that would get another address: what
 * is open to them would break off.
 */
async function hideInPlace(
  { runner, address, addresses }: Engine,
  containers: readonly Container[],
): Promise<void> {
  const run: Run = (args, what) => runDocker(runner, args, address, what);
  for (const { container, network } of placesOf(containers)) {
    await addresses(async () => {
      const here = await readNetwork(runner, address, network);
      if (!keepsAddress(here, container.id)) return;
      await leave(run, container, network);
      await join(run, container, network, []);
    });
  }
}

/** Lets healthy containers be found under every name that their entry gives them. */
async function reveal(run: Run, containers: readonly Container[], clock: Clock): Promise<void> {
  for (const { container, network } of placesOf(containers)) await leave(run, container, network);
  await clock.sleep(LINK_MILLISECONDS);
  for (const { container, network, aliases } of placesOf(containers)) {
    await join(run, container, network, aliases);
  }
}

/**
 * Lets the old containers end what they were asked before they are stopped. A name can only be taken
 * away by connecting anew. One that keeps its name because of its address is found until it stops; who
 * is refused then asks another one.
 */
async function drain(parts: Roll, retired: readonly Container[]): Promise<void> {
  const { service, clock, say } = parts;
  try {
    await hideInPlace(parts, retired);
    await clock.sleep(DRAIN_MILLISECONDS);
  } catch (error) {
    // The new ones serve already: what remains is to stop the old.
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
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

/** Waits until all of these containers are healthy. @throws {UserError} where one will not be. */
export async function waitUntilHealthy(
  {
    runner,
    address,
    healthTimeout,
    service,
    clock,
  }: Pick<Roll, 'runner' | 'address' | 'healthTimeout' | 'service' | 'clock'>,
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

/** Looks whether containers that serve go on doing so; the old ones serve beside them until then. */
async function watch(
  { runner, address, steady, service, clock }: Roll,
  containers: readonly Container[],
): Promise<void> {
  const started = clock.now();
  const ids = idsOf(containers);
  const restarts = new Map<string, number>();
  while (clock.now() - started < steady * 1000) {
    const now = await readContainers(runner, address, ids);
    const ill = now.find((container) => {
      const before = restarts.get(container.id) ?? container.restarts;
      restarts.set(container.id, before);
      const { state, health } = container;
      return state !== 'running' || health === 'unhealthy' || container.restarts > before;
    });
    if (ill || now.length < ids.length) {
      const time = ((clock.now() - started) / 1000).toFixed(1);
      const what = ill ? `${ill.name} ${describeEnd(ill)}` : 'a new container was gone';
      throw new UserError(
        `${service}: ${what} ${time} s after it was healthy (it has to stay so for ${steady} s, "steady" of the environment)`,
      );
    }
    await clock.sleep(POLL_MILLISECONDS);
  }
}

function describeEnd({ health, state }: Container): string {
  // The engine calls a container that ended unhealthy, too.
  if (state !== 'running' && state !== 'restarting') return `was ${state}`;
  return health === 'unhealthy' ? 'was unhealthy' : 'ended and was restarted';
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
  if (health === 'unhealthy' && state === 'running') return 'is unhealthy';
  return restarts >= TOO_MANY_RESTARTS ? `ended ${restarts} times` : `is ${state}`;
}

/** What the new containers last said. */
async function readLastWords(
  { undo: { runner }, address }: Roll,
  ids: readonly string[],
): Promise<string[]> {
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
 * Lets the old containers serve again and removes the new ones: first those that never served, then,
 * once the old are back, those that did.
 * @returns what serves now, in words.
 */
async function putBack(
  parts: Roll,
  { current, found, hidden, stopped }: Progress,
): Promise<{ undone: boolean; outcome: string[] }> {
  const { service, undo } = parts;
  const run = undoing(parts);
  const failures: string[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      failures.push(`  ${(error as Error).message}`);
    }
  };
  const remove = (containers: readonly Container[]) =>
    containers.length > 0 &&
    attempt(() => run(removeArguments(idsOf(containers)), `Could not remove the new ${service}`));
  const beside = parts.plan.order === 'start-first' && parts.plan.serving.length > 0;
  const called = beside ? found : [];
  await remove([...new Set([...current, ...found])].filter((one) => !called.includes(one)));
  const touched = hidden.length + stopped.length > 0;
  if (touched) {
    await attempt(async () => {
      if (stopped.length > 0) {
        const old = idsOf(stopped);
        await run(startArguments(old), `Could not start the old ${service} again`);
        await waitUntilHealthy({ ...parts, ...undo }, old);
      }
      if (hidden.length > 0) await reveal(run, hidden, undo.clock);
    });
  }
  if (called.length > 0) {
    // What they were asked is answered before they go; one that ended anyway cannot.
    await (async () => {
      await hideInPlace({ ...parts, runner: undo.runner }, called);
      await undo.clock.sleep(DRAIN_MILLISECONDS);
      await run(stopArguments(idsOf(called)), `Could not stop the new ${service}`);
    })().catch(() => undefined);
    await remove(called);
  }
  return { undone: failures.length === 0, outcome: describeOutcome(parts.plan, touched, failures) };
}

function describeOutcome({ serving }: ServiceChange, touched: boolean, failures: string[]) {
  const names = serving.map(({ name }) => name).join(', ');
  const isUndone = failures.length === 0;
  if (!isUndone) {
    const next = 'the next deploy finishes or undoes what this one began';
    if (serving.length === 0) return [...failures, `  ${next}`];
    return [...failures, `  ${names} ${touched ? 'ran before' : 'was not touched'}; ${next}`];
  }
  if (serving.length === 0) return ['  nothing of it is left on the engine'];
  return touched
    ? [`  ${names}, which ran before, serves again`]
    : [`  ${names} serves on; it was not touched`];
}

/** Brings back containers that served before a deploy which was ended. */
export async function revive(
  parts: Pick<Roll, 'runner' | 'address' | 'addresses' | 'healthTimeout' | 'service' | 'clock'>,
  containers: readonly Container[],
  namesOf: (container: Container) => Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const run = runIn(parts);
  const stopped = idsOf(containers.filter(({ state }) => state !== 'running'));
  if (stopped.length > 0) {
    await run(startArguments(stopped), `Could not start ${parts.service} again`);
  }
  for (const container of containers) {
    for (const [network, names] of Object.entries(namesOf(container))) {
      if (container.networks[network]) await leave(run, container, network);
      await join(run, container, network, names);
    }
  }
  await waitUntilHealthy(parts, idsOf(containers));
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
