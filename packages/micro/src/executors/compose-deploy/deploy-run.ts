import { timestamp } from '../../effects/clock';
import { readProjectContainers } from '../../effects/containers';
import { readEnvironment } from '../../effects/environments';
import { withTemporaryFolder } from '../../effects/files';
import { readPerson, readRunId } from '../../effects/person';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { type DeployReceipt, deployReceiptSchema, receiptFile } from '../../image/receipt';
import { elsewhere, type Environment, linkedWithin } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { requireEnvironment } from '../docker-push/push-image';
import { formatList, formatSeconds, formatStep } from '../../terminal/step';
import { limit } from '../limit';
import type { ServiceTask } from '../service-task';
import { type Rolled, deployOne, finish } from './deploy-one';
import { publicUrlOf } from '../../deployment/entry';
import { findImages } from './prepare/find-images';
import { holdLock } from '../../effects/deploy-lock';
import {
  Interrupted,
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
} from '../../effects/interruption';
import { makePlan } from './prepare/make-plan';
import { leaveFormerNetwork } from './prepare/reach-needs';
import { removeNeverStarted } from './prepare/never-started';
import { type DeployMode, normaliseOptions } from './options';
import { rollOrder } from '../../deployment/order';
import { touchedOthers } from '../../deployment/plan';
import { failAll, keepGiven, putBackAll } from './roll/put-back';
import { isSameRelease } from '../../deployment/release';
import { forgetReleases, readSlice } from '../../effects/release-book';
import { readSecrets } from './prepare/read-secrets';
import {
  type DeployRequest,
  type Facts,
  type Failures,
  type Run,
  attempt,
  readFacts,
  tellOf,
} from './run';
import { type RunPlan, leftContainers, planToJson } from '../../deployment/run-plan';
import { type Ended, formatSummary } from './report/summary';
import type { DesiredState } from '../../deployment/desired-state';
import { DEPLOY_LABELS } from '../../deployment/labels';
import { addressOf, projectNameOf } from '../../deployment/project';
import { type Rendered, render } from './prepare/render';
import type { Container } from '../../deployment/container';
import { placesOf } from '../../deployment/slice';
import { removeLeftovers } from './roll/leftovers';
import { revive } from './roll/revival';
import { formatPlan, formatService } from './report/format-plan';

/** How many services are rolled at the same time, where no link says which goes first. */
const ROLLS = 4;

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
  const address = addressOf(environment);
  const name = projectNameOf(platformName, environment);
  const tasks = leaveElsewhere(request, environment, mode);
  if (tasks.length === 0 && !mode.json) return new Map();
  const runner = interruptibleRunner(request.runner, interruption);
  return withTemporaryFolder(async (folder) => {
    const run: Run = {
      ...request,
      tasks,
      mode,
      environment,
      address,
      name,
      runner,
      clock: interruptibleClock(request.clock, interruption),
      undo: { runner: stubbornRunner(request.runner), clock: request.clock },
      book: { runner, address, project: name },
      failures: new Map(),
      secrets: new Map(),
      folder,
      alone: limit(1),
      addresses: limit(1),
    };
    await readSecrets(run);
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

/** The services that run in the environment; says of the others where they do. */
function leaveElsewhere(
  { tasks, tell }: Pick<DeployRequest, 'tasks' | 'tell'>,
  environment: Environment,
  { json }: DeployMode,
): ServiceTask[] {
  return tasks.filter(({ service: { name } }) => {
    const url = elsewhere(environment, name);
    // A program reads nothing but the plan, which does not have it.
    if (url !== undefined && !json) {
      const why = `it runs at ${url}, as ${environment.file} says under links`;
      tell(formatStep(name, 'nothing', why));
    }
    return url === undefined;
  });
}

function tellPlan({ tell, mode, tasks, repeat }: Run, plan: RunPlan): void {
  if (mode.json) return tell(planToJson(plan));
  formatPlan(plan).forEach(tell);
  for (const one of plan.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, plan.environment)) task.say(line);
  }
}

/** What is done while the lock is held. */
async function deployAll(run: Run, rendered: Rendered | undefined): Promise<void> {
  const { failures, mode } = run;
  const begun = run.clock.now();
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
  const given = mode.atomic ? await keepGiven(run, plan) : undefined;
  const rolled = new Map<string, Rolled>();
  await rollAll(run, rendered, plan, facts, rolled);
  if (given && failures.size > 0) {
    await putBackAll(run, plan, rolled, given);
    tellSummary(run, plan, rolled, begun);
    return;
  }
  for (const done of rolled.values()) {
    await attempt(run, done.release.service, () => finish(run, done, facts));
  }
  for (const { task, desired } of rolled.values()) {
    const { name, consumes } = task.service;
    await attempt(run, name, () => leaveFormerNetwork(run, desired, consumes, facts.containers));
  }
  const pruned = mode.prune && failures.size === 0 ? await prune(run, rendered!, facts) : [];
  if (!run.interruption.signal.aborted) {
    await attemptAll(run, () => requireOthersUntouched(run, plan, facts, pruned));
  }
  for (const { task, desired, containers, kept, took } of rolled.values()) {
    const { name } = task.service;
    if (failures.has(name)) continue;
    await leaveReceipt(run, task, desired, containers);
    const names = containers.map((container) => container.name).join(', ');
    task.say(
      formatStep(
        name,
        kept ? 'kept' : 'deployed',
        `${names} in ${run.environment.name}  ${formatSeconds(took)}`,
      ),
    );
  }
  tellSummary(run, plan, rolled, begun);
}

function tellSummary(
  { tasks, failures, environment, clock, tell }: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
  begun: number,
): void {
  const ended = tasks.map(({ service: { name, port } }): Ended => {
    const plan = services.find(({ service }) => service === name)?.plan;
    const done = rolled.get(name);
    return {
      service: name,
      outcome: failures.has(name) || !plan ? 'failed' : plan.kind,
      url: done && publicUrlOf(done.desired.slice.services[name] ?? {}),
      ports: (done?.containers ?? [])
        .flatMap(({ ports }) => ports)
        .filter(({ target }) => target === port),
    };
  });
  tell(formatSummary(environment, ended, clock.now() - begun));
}

async function reviveAll(run: Run, { services }: RunPlan, { releases }: Facts): Promise<void> {
  for (const { service, revived } of services) {
    const known = releases.get(service) ?? [];
    const [first] = revived;
    if (!first) continue;
    const say = tellOf(run, service);
    const record = known.find((release) =>
      isSameRelease(release, {
        key: first.labels[DEPLOY_LABELS.key] ?? '',
        entryLabel: first.labels[DEPLOY_LABELS.entry] ?? '',
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
      say(formatStep(service, 'recovered', `${first.name} serves again`));
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      // What cannot serve any more is replaced by what is wanted.
      say(`${service}  warning: ${error.message}`);
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
  await removeNeverStarted(run, facts.containers, plan.services);
  const order = rollOrder(tasks.map(({ service }) => linkedWithin(run.environment, service)));
  for (const [service, providers] of order) {
    const one = plan.services.find((candidate) => candidate.service === service);
    const work = async () => {
      for (const provider of providers) await ended.get(provider);
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
  const started = services.flatMap(({ starts, desired }) => [...starts, ...desired.jobs]);
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
  { key, image }: DesiredState,
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
