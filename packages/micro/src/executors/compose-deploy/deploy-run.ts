import { join } from 'node:path';
import type { EngineAddress } from '../../docker/command';
import { runArguments, startArguments, type ComposeProject } from '../../docker/compose';
import { pullArguments } from '../../docker/image';
import { timestamp, type Clock } from '../../effects/clock';
import { readProjectContainers, type Container } from '../../effects/containers';
import { inspectImages, runDocker } from '../../effects/engine';
import { readEnvironment } from '../../effects/environments';
import { withTemporaryFolder, writeWhole } from '../../effects/files';
import { readPerson, readRunId } from '../../effects/person';
import type { Runner } from '../../effects/process';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { LABELS } from '../../image/image-key';
import {
  deployReceiptSchema,
  receiptFile,
  type DeployReceipt,
  type PushReceipt,
} from '../../image/receipt';
import type { Environment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { requireEnvironment } from '../docker-push/push-image';
import { formatList, formatSeconds, formatStep } from '../format';
import { limit } from '../limit';
import type { ServiceTask } from '../service-task';
import { placesOf } from './entry';
import { holdLock } from './hold-lock';
import {
  Interrupted,
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
  type Interruption,
} from './interruption';
import { normaliseOptions, type ComposeDeployOptions, type DeployMode } from './options';
import { rollOrder } from './order';
import { planDeploy, touchedOthers } from './plan';
import {
  currentRelease,
  findRelease,
  isSameRelease,
  nextNumber,
  planRevival,
  previousRelease,
  surplusReleases,
  type Release,
} from './release';
import {
  closeRelease,
  forgetReleases,
  openRelease,
  readReleases,
  readSlice,
  reopenRelease,
  type ReleaseBook,
} from './releases';
import { removeLeftovers, revive, roll, RollFailure } from './roll';
import {
  formatPlan,
  formatService,
  leftContainers,
  planToJson,
  type RunPlan,
  type ServicePlan,
} from './run-plan';
import {
  readPush,
  recordedTarget,
  renderTargets,
  wantedOf,
  type Rendered,
  type Target,
} from './target';

/** How many services are rolled at the same time, where no link says which goes first. */
const ROLLS = 4;
/** How many images are looked for, or pulled, at the same time. */
const PULLS = 8;

/** What one coordinated roll starts from. */
export interface DeployRequest {
  workspaceRoot: string;
  platformName: string;
  runner: Runner;
  clock: Clock;
  tasks: readonly ServiceTask[];
  options: ComposeDeployOptions;
  /** Prints what concerns all services. */
  tell: (line: string) => void;
  /** Services whose own lines tell their part of the plan again. */
  repeat?: ReadonlySet<string>;
  interruption: Interruption;
}

/** Why services were not deployed, by their names. */
export type Failures = ReadonlyMap<string, Error>;

interface Run extends DeployRequest {
  mode: DeployMode;
  environment: Environment;
  address: EngineAddress;
  /** The Compose project's name. */
  name: string;
  book: ReleaseBook;
  /** What undoing uses. */
  undo: { runner: Runner; clock: Clock };
  failures: Map<string, Error>;
  folder: string;
  /** Compose makes what several containers share one command at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What the engine says. */
interface Facts {
  containers: readonly Container[];
  releases: ReadonlyMap<string, readonly Release[]>;
}

/**
 * Deploys the services of a run as one: compares all of them with what the engine runs, prints one
 * plan, and rolls providers before their consumers while no other deploy can. Where one fails, what
 * consumes it is left as it is.
 *
 * @throws {UserError} where nothing at all could be done.
 */
export async function deployRun(request: DeployRequest): Promise<Failures> {
  const { workspaceRoot, platformName, options, interruption } = request;
  const mode = normaliseOptions(options);
  const environment = readEnvironment(workspaceRoot, requireEnvironment(options));
  const address = { context: environment.context, host: environment.host };
  const name = environment.project ?? `${platformName}-${environment.name}`;
  const runner = interruptibleRunner(request.runner, interruption);
  return withTemporaryFolder(async (folder) => {
    const run: Run = {
      ...request,
      mode,
      environment,
      address,
      name,
      runner,
      clock: interruptibleClock(request.clock, interruption),
      undo: { runner: stubbornRunner(request.runner), clock: request.clock },
      book: { runner, address, project: name },
      failures: new Map(),
      folder,
      alone: limit(1),
    };
    const rendered = await render(run);
    if (mode.plan) {
      const plan = await makePlan(run, rendered, await readFacts(run));
      tellPlan(run, plan);
      return run.failures;
    }
    const image = await findImages(run, rendered);
    if (image === undefined) return run.failures;
    await holdLock(
      {
        ...run,
        undo: run.undo.runner,
        project: name,
        image,
        holder: {
          user: readPerson(),
          pid: process.pid,
          run: readRunId(),
          command: `compose-deploy of ${formatList(run.tasks.map(({ service }) => service.name))}`,
        },
        timeout: environment.lockTimeout,
        force: mode.breakLock,
        say: request.tell,
        onLost: (why) => interruption.trigger(why),
      },
      () => deployAll(run, rendered),
    );
    return run.failures;
  });
}

/** Does `work` for a service; where it fails, that is remembered and the others go on. */
async function attempt<T>(
  { failures }: Run,
  service: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    failures.set(service, error as Error);
    return undefined;
  }
}

async function render(run: Run): Promise<Rendered | undefined> {
  if (run.mode.destination.kind === 'release') return undefined;
  const pushes = new Map<ServiceTask, PushReceipt>();
  for (const task of run.tasks) {
    const push = await attempt(run, task.service.name, () => readPush(task, run.environment));
    if (push) pushes.set(task, push);
  }
  const rendered = await renderTargets(run, pushes);
  for (const [service, target] of rendered.targets) {
    if (target instanceof UserError) run.failures.set(service, target);
  }
  return rendered;
}

async function readFacts({ runner, address, name, book }: Run): Promise<Facts> {
  const [containers, releases] = await Promise.all([
    readProjectContainers(runner, address, name),
    readReleases(book),
  ]);
  return { containers, releases };
}

/**
 * Brings every image to the engine before anything is changed, so that a registry that goes away
 * ends no roll in its middle.
 *
 * @returns one of them; `undefined` where there is nothing to deploy.
 */
async function findImages(run: Run, rendered: Rendered | undefined): Promise<string | undefined> {
  if (!rendered) {
    const { releases } = await readFacts(run);
    for (const { service } of run.tasks) {
      if (releases.has(service.name)) continue;
      run.failures.set(
        service.name,
        new UserError(
          `the engine of ${run.environment.name} remembers no release of ${service.name} to go back to`,
        ),
      );
    }
    const known = run.tasks.flatMap(({ service }) => releases.get(service.name) ?? []);
    return known[0]?.image;
  }
  const inTurn = limit(PULLS);
  const images = await Promise.all(
    run.tasks.map((task) => {
      const target = rendered.targets.get(task.service.name);
      if (!target || target instanceof UserError) return undefined;
      return inTurn(() =>
        attempt(run, task.service.name, async () => {
          await requireImage(run, task, target);
          return target.image;
        }),
      );
    }),
  );
  return images.find((image) => image !== undefined);
}

/** The engine that deploys has the image, or can pull it by its digest. */
async function requireImage(
  { runner, address, environment }: Run,
  { service, say }: ServiceTask,
  { image: reference, source, key }: Target,
): Promise<void> {
  const image = (await inspectImages(runner, [reference], address)).get(reference);
  if (!image && source === 'engine') {
    throw new UserError(
      `${reference} is not on the engine of ${environment.name}: build it there with nx docker-build ${service.name}, or give ${environment.file} a "registry"`,
    );
  }
  if (!image) {
    say(`${service.name}  pulling ${reference}`);
    await runDocker(runner, pullArguments(reference), address, `Could not pull ${reference}`);
  }
  const there = image ?? (await inspectImages(runner, [reference], address)).get(reference);
  if (there?.labels[LABELS.key] !== key) {
    throw new UserError(
      `${reference} does not carry the key of its receipt: run nx docker-push ${service.name} again`,
    );
  }
}

async function makePlan(
  run: Run,
  rendered: Rendered | undefined,
  { containers, releases }: Facts,
): Promise<RunPlan> {
  const { tasks, failures, environment, name, mode } = run;
  const services: ServicePlan[] = [];
  const order = rollOrder(tasks.map(({ service }) => service));
  for (const [service, after] of order) {
    if (failures.has(service)) continue;
    const task = tasks.find((one) => one.service.name === service)!;
    const own = containers.filter((container) => container.service === service);
    const known = releases.get(service) ?? [];
    const current = currentRelease(own, known);
    const target = await attempt(run, service, () =>
      rendered
        ? Promise.resolve(rendered.targets.get(service) as Target)
        : findRecorded(run, service, current, known),
    );
    if (!target) continue;
    const plan = planDeploy(own, wantedOf(target, service));
    if (mode.atomic && plan.kind !== 'keep' && plan.serving.length > 0 && !current) {
      failures.set(
        service,
        new UserError(
          `the engine remembers no release of what runs of ${service}, so --atomic could not put it back: deploy it once without`,
        ),
      );
    }
    services.push({
      service,
      target,
      plan,
      current,
      revived: planRevival(own, known),
      ...missingNeeds(task, tasks, target.needs, containers),
      after: after.filter((provider) => !failures.has(provider)),
    });
  }
  const left = rendered ? leftContainers(containers, rendered.names) : [];
  return {
    environment: environment.name,
    project: name,
    rollback: mode.destination.kind === 'release',
    services,
    left: [...new Set(left.map(({ service }) => service))].sort(),
    prune: mode.prune,
  };
}

/** The release that a rollback of the service goes to. */
async function findRecorded(
  { mode: { destination }, environment, book }: Run,
  service: string,
  current: Release | undefined,
  releases: readonly Release[],
): Promise<Target> {
  const to = destination.kind === 'release' ? destination.to : undefined;
  const release = to === undefined ? previousRelease(current, releases) : findRelease(to, releases);
  if (release) return recordedTarget(release, await readSlice(book, release));
  const known = releases
    .filter(({ open }) => !open)
    .map(({ number, key, since }) => `r${number} (k-${key.slice(0, 12)}, ${since})`);
  throw new UserError(
    `${to === undefined ? 'there is no earlier release' : `there is no release "${to}"`} of ${service} in ${environment.name}; the engine remembers ${known.join(', ') || 'none'}`,
  );
}

/** What an entry depends on and does not run: other services are told apart by the manifest. */
function missingNeeds(
  { service: { consumes }, sameRun }: ServiceTask,
  tasks: readonly ServiceTask[],
  needs: readonly string[],
  containers: readonly Container[],
): { starts: string[]; missing: string[] } {
  const runs = (name: string) =>
    containers.some(({ service, state }) => service === name && state === 'running');
  const comes = new Set([...sameRun, ...tasks.map(({ service }) => service.name)]);
  return {
    starts: needs.filter((name) => !consumes.includes(name) && !runs(name)),
    missing: consumes.filter((name) => !runs(name) && !comes.has(name)),
  };
}

function tellPlan({ tell, mode, tasks, repeat }: Run, plan: RunPlan): void {
  if (mode.json) return tell(planToJson(plan));
  for (const line of formatPlan(plan)) tell(line);
  for (const one of plan.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, plan.environment)) task.say(line);
  }
}

/** What is done while the lock is held. */
async function deployAll(run: Run, rendered: Rendered | undefined): Promise<void> {
  const { failures, mode } = run;
  let facts = await readFacts(run);
  let plan = await makePlan(run, rendered, facts);
  tellPlan(run, plan);
  if (mode.atomic && failures.size > 0) {
    return failAll(run, 'nothing was changed (--atomic)');
  }
  if (plan.services.some(({ revived }) => revived.length > 0)) {
    await reviveAll(run, plan, facts);
    facts = await readFacts(run);
    plan = await makePlan(run, rendered, facts);
  }
  const rolled = new Map<string, Rolled>();
  await rollAll(run, rendered, plan, facts, rolled);
  if (mode.atomic && failures.size > 0) {
    await putBackAll(run, plan, rolled);
    return;
  }
  for (const done of rolled.values()) {
    await attempt(run, done.release.service, () => finish(run, done, facts));
  }
  const pruned = mode.prune && failures.size === 0 ? await prune(run, rendered!, facts) : [];
  await attemptAll(run, () => requireOthersUntouched(run, plan, facts, pruned));
  for (const { task, target, containers, kept, took } of rolled.values()) {
    const { name } = task.service;
    if (failures.has(name)) continue;
    await leaveReceipt(run, task, target, containers);
    const names = containers.map((container) => container.name).join(', ');
    task.say(
      formatStep(
        name,
        kept ? 'kept' : 'deployed',
        `${names} in ${run.environment.name}  ${formatSeconds(took)}`,
      ),
    );
  }
}

/** A service that is as it was wanted. */
interface Rolled {
  task: ServiceTask;
  target: Target;
  release: Release;
  containers: readonly Container[];
  kept: boolean;
  /** Milliseconds that it took. */
  took: number;
}

async function reviveAll(run: Run, { services }: RunPlan, { releases }: Facts): Promise<void> {
  for (const { service, revived } of services) {
    const known = releases.get(service) ?? [];
    const [first] = revived;
    if (!first) continue;
    const task = run.tasks.find((one) => one.service.name === service)!;
    const record = known.find((release) =>
      isSameRelease(release, {
        key: first.labels['org.micro.image-key'] ?? '',
        entryLabel: first.labels['org.micro.entry'] ?? '',
      }),
    );
    const slice = record && (await readSlice(run.book, record));
    try {
      await revive(
        { ...run, service, healthTimeout: run.environment.healthTimeout },
        revived,
        (container) =>
          slice
            ? placesOf(slice, service, container.name)
            : Object.fromEntries(
                Object.keys(container.networks).map((network) => [
                  network,
                  [container.name, service],
                ]),
              ),
      );
      task.say(`${service}  ${first.name} serves again`);
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      // What cannot serve any more is replaced by what is wanted.
      task.say(`${service}  warning: ${error.message}`);
    }
  }
}

/** Rolls every service once what it consumes is rolled. */
async function rollAll(
  run: Run,
  rendered: Rendered | undefined,
  plan: RunPlan,
  facts: Facts,
  rolled: Map<string, Rolled>,
): Promise<void> {
  const { failures, tasks } = run;
  const inTurn = limit(ROLLS);
  const started = new Map<string, Promise<void>>();
  const ended = new Map<string, Promise<void>>();
  const order = rollOrder(tasks.map(({ service }) => service));
  for (const [service, providers] of order) {
    const one = plan.services.find((candidate) => candidate.service === service);
    const work = async () => {
      await Promise.all(providers.map((provider) => ended.get(provider)));
      if (!one || failures.has(service)) return;
      const broken = providers.find((provider) => failures.has(provider));
      if (broken !== undefined && one.plan.kind !== 'keep') {
        failures.set(
          service,
          new UserError(
            `${service} was left as it was, since ${broken}, which it consumes, could not be deployed`,
          ),
        );
        return;
      }
      await inTurn(() =>
        attempt(run, service, async () => {
          rolled.set(service, await deployOne(run, rendered?.project, one, facts, started));
        }),
      );
    };
    ended.set(service, work());
  }
  await Promise.all(ended.values());
}

async function deployOne(
  run: Run,
  project: ComposeProject | undefined,
  one: ServicePlan,
  { releases }: Facts,
  datastores: Map<string, Promise<void>>,
): Promise<Rolled> {
  const { service, target, plan, starts, current } = one;
  const { runner, address, environment, book, clock } = run;
  const task = run.tasks.find((candidate) => candidate.service.name === service)!;
  const started = clock.now();
  const known = releases.get(service) ?? [];
  if (project && starts.length > 0) await startNeeds(run, project, one, datastores);
  if (plan.kind === 'keep') {
    if (plan.leftovers.length > 0) {
      await removeLeftovers({ runner, address, service }, plan.leftovers);
    }
    const release = current ?? (await open(run, target, service, known));
    return {
      task,
      target,
      release,
      containers: plan.serving,
      kept: true,
      took: clock.now() - started,
    };
  }
  if (project) await runJobs(run, project, task, target.jobs);
  const release =
    current && isSameRelease(current, target)
      ? await reopenRelease(book, current)
      : target.release
        ? await reopenRelease(book, target.release)
        : await open(run, target, service, known);
  try {
    const file = join(run.folder, `${service}.r${release.number}.json`);
    await writeWhole(file, JSON.stringify(target.slice), 0o600);
    const containers = await roll({
      runner,
      address,
      project: { name: run.name, files: [file] },
      service,
      plan,
      healthTimeout: environment.healthTimeout,
      steady: environment.steady,
      clock,
      undo: run.undo,
      alone: run.alone,
      say: task.say,
    });
    return { task, target, release, containers, kept: false, took: clock.now() - started };
  } catch (error) {
    // Where it could not be undone, the open release tells the next run so.
    if (!(error instanceof RollFailure) || !error.undone) throw error;
    await settle({ ...book, runner: run.undo.runner }, [release, ...known]).catch(() => undefined);
    throw error;
  }
}

/** Says of what was being rolled out that it is not any more. */
async function settle(book: ReleaseBook, releases: readonly Release[]): Promise<void> {
  const open = [...new Map(releases.map((release) => [release.id, release])).values()].filter(
    (release) => release.open,
  );
  await forgetReleases(
    book,
    open.filter(({ again }) => !again),
  );
  for (const release of open.filter(({ again }) => again)) await closeRelease(book, release);
}

function open(
  { book, name }: Run,
  { key, entryLabel, image, replicas, slice }: Target,
  service: string,
  known: readonly Release[],
): Promise<Release> {
  const number = nextNumber(known);
  return openRelease(book, {
    project: name,
    service,
    number,
    key,
    entryLabel,
    image,
    replicas,
    slice,
  });
}

async function startNeeds(
  run: Run,
  project: ComposeProject,
  { service, starts }: ServicePlan,
  started: Map<string, Promise<void>>,
): Promise<void> {
  const { runner, address, environment } = run;
  const missing = starts.filter((name) => !started.has(name));
  if (missing.length > 0) {
    const work = run.alone(async () => {
      await runDocker(
        runner,
        startArguments(project, missing, environment.healthTimeout),
        address,
        `Could not start what ${service} needs (${missing.join(', ')})`,
      );
    });
    for (const name of missing) started.set(name, work);
  }
  await Promise.all(starts.map((name) => started.get(name)));
}

/** What has to be done once with the new image before any container of it serves; it stops the deploy where it fails. */
async function runJobs(
  { runner, address, clock }: Run,
  project: ComposeProject,
  { service, say }: ServiceTask,
  jobs: readonly string[],
): Promise<void> {
  for (const job of jobs) {
    const started = clock.now();
    await runDocker(
      runner,
      runArguments(project, job),
      address,
      `${job} failed, and ${service.name} was left as it was`,
    );
    say(`${service.name}  ran ${job}  ${formatSeconds(clock.now() - started)}`);
  }
}

/** Says that a release serves for good, and forgets those that are too old. */
async function finish(
  { book, environment }: Run,
  { release }: Rolled,
  { releases }: Facts,
): Promise<void> {
  const known = releases.get(release.service) ?? [];
  const closed = await closeRelease(book, release);
  const all = [closed, ...known.filter(({ id }) => id !== closed.id)];
  const surplus = surplusReleases(
    closed,
    all.sort((a, b) => b.number - a.number),
    environment.releases,
  );
  await forgetReleases(book, surplus);
  const stale = all.filter((one) => one.again && one.id !== closed.id && !surplus.includes(one));
  for (const one of stale) await closeRelease(book, one);
}

/** Puts back what a run changed before a service of it failed. */
async function putBackAll(
  run: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
): Promise<void> {
  const { failures, environment, address, book, name, runner, clock } = run;
  const why = [...failures.keys()].join(', ');
  for (const [service, { task, release, kept, containers }] of [...rolled].reverse()) {
    if (kept) {
      failures.set(service, new UserError(`${service} did not change; ${why} failed (--atomic)`));
      continue;
    }
    const { current } = services.find((one) => one.service === service)!;
    try {
      if (!current) {
        await removeLeftovers({ runner, address, service }, containers);
      } else {
        const target = recordedTarget(current, await readSlice(book, current));
        const own = (await readProjectContainers(runner, address, name)).filter(
          (container) => container.service === service,
        );
        const plan = planDeploy(own, wantedOf(target, service));
        if (plan.kind !== 'keep') {
          const file = join(run.folder, `${service}.back.json`);
          await writeWhole(file, JSON.stringify(target.slice), 0o600);
          await roll({
            ...run,
            project: { name, files: [file] },
            service,
            plan,
            healthTimeout: environment.healthTimeout,
            steady: environment.steady,
            clock,
            say: task.say,
          });
        }
      }
      const same = current !== undefined && current.id === release.id;
      await (same || release.again ? closeRelease(book, release) : forgetReleases(book, [release]));
      failures.set(
        service,
        new UserError(
          `${service} was put back ${current ? `to r${current.number} (${current.image})` : 'to nothing: it was not there before'}, since ${why} failed (--atomic)`,
        ),
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.set(
        service,
        new UserError(`${service} could not be put back (--atomic): ${error.message}`),
      );
    }
  }
}

function failAll({ failures, tasks }: Run, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}

/** Removes what left the workspace; its volumes stay. */
async function prune(run: Run, { names }: Rendered, facts: Facts): Promise<readonly string[]> {
  const { runner, address, book, tell } = run;
  const left = leftContainers(facts.containers, names);
  const services = [...new Set(left.map(({ service }) => service))].sort();
  for (const service of services) {
    const own = left.filter((container) => container.service === service);
    await removeLeftovers({ runner, address, service }, own);
    await forgetReleases(book, facts.releases.get(service) ?? []);
    tell(`removed  ${service}  ${own.map(({ name }) => name).join(', ')}`);
  }
  return services;
}

/** What concerns all services of the run fails all of them. */
async function attemptAll({ failures, tasks }: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    for (const { service } of tasks) {
      if (!failures.has(service.name)) failures.set(service.name, error as Error);
    }
  }
}

/** The proof that a deploy touched its own services and nothing else. */
async function requireOthersUntouched(
  { runner, address, name, tasks }: Run,
  { services }: RunPlan,
  { containers: before }: Facts,
  pruned: readonly string[],
): Promise<void> {
  const after = await readProjectContainers(runner, address, name);
  const started = services.flatMap(({ starts }) => starts);
  const own = tasks.map(({ service }) => service.name);
  const touched = touchedOthers(before, after, new Set([...own, ...started, ...pruned]));
  if (touched.length > 0) {
    throw new UserError(
      `the deploy of "${own.join('", "')}" also changed ${touched.join(', ')}: nothing else should; look for another deploy at the same time`,
    );
  }
}

async function leaveReceipt(
  { workspaceRoot, environment, clock }: Run,
  { service }: ServiceTask,
  { key, image }: Target,
  containers: readonly Container[],
): Promise<void> {
  const file = receiptFile(service.root, 'compose-deploy', environment.name);
  const previous = await readReceipt(workspaceRoot, file, deployReceiptSchema);
  const deployed: DeployReceipt = {
    kind: 'compose-deploy',
    service: service.name,
    key,
    environment: environment.name,
    image,
    containers: containers.map(({ id }) => id),
    since: timestamp(clock),
  };
  await writeReceipt(workspaceRoot, file, deployed, previous);
}
