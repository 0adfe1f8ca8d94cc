import { clusterOf } from '../../effects/cluster';
import { readKubernetesEnvironment } from '../../effects/cluster-rendering';
import { readRules } from '../../effects/cluster-rights';
import { readClusterState, readNames, type ClusterState } from '../../effects/cluster-state';
import { readCurrentUser, readRunId } from '../../effects/current-user';
import { holdLease } from '../../effects/deploy-lease';
import { fileReader } from '../../effects/files';
import { observabilityParts } from '../../effects/observability-folder';
import {
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
} from '../../effects/interruption';
import { sharedRunner } from '../../effects/shared-runner';
import { readCommit } from '../../effects/workspace-commit';
import { findServiceProjects } from '../../effects/workspace-projects';
import { changesNothing, type ClusterPlan } from '../../kubernetes/cluster-plan';
import { createdNames, createdShared } from '../../kubernetes/foreign-objects';
import { neededForShared, neededRights } from '../../kubernetes/needed-rights';
import { changedObjects } from '../../kubernetes/object-plan';
import { missingFor, type AccessRule } from '../../kubernetes/rights';
import type { ServicePlan } from '../../kubernetes/service-plan';
import { UserError } from '../../platform/user-error';
import { readPlatform } from '../../platform/workspace';
import { formatList, formatStep } from '../../terminal/step';
import { normaliseOptions } from '../deploy-options';
import type { DeployRequest, Failures } from '../deploy-request';
import { requireEnvironment } from '../docker-push/push-image';
import { skipExternal } from '../skip-external';
import { makePlan } from './prepare/make-plan';
import { readDesired } from './prepare/read-desired';
import { keepSecretKey, readSecretKey } from './prepare/secret-key';
import { tellSummary } from '../tell-deploy';
import { tellPlan, tellRolled } from './report/tell';
import { checkCanaries, watchCanaries } from './roll/analyse-canary';
import { applyObjects, deleteObjects } from './roll/apply';
import { lookTogether } from './roll/look';
import { releaseOf } from './roll/record';
import { rollAll } from './roll/roll-all';
import { rollParts, throwPartFailures } from './roll/parts';
import { attempt, failAll, refuseOlder } from '../deploy-failures';
import type { Run } from './run';

/**
 * Deploys the services of a run together: compares all of them with the cluster and prints one plan. If there is
 * something to do, takes the lock, looks again, and rolls providers before their consumers.
 *
 * @throws {UserError} if nothing could be deployed at all.
 */
export async function deployRun(request: DeployRequest): Promise<Failures> {
  const run = await startRun(request);
  const { tasks, failures, mode, environment, scope } = run;
  if (tasks.length === 0 && !mode.json) return failures;
  const begun = run.clock.now();
  const first = await decide(run);
  if (mode.plan) {
    tellPlan(run, first.plan);
    refuseOlder(run, first.plan);
    throwPartFailures(run);
    return failures;
  }
  if (allFailed(run)) return failures;
  const takeBack = (service: string) => abortCanary(request, run, service);
  if (changesNothing(first.plan) && failures.size + run.partFailures.size === 0) {
    tellPlan(run, first.plan);
    await tellRolled(run, keptOf(run, first));
    tellSummary(run, first.plan.services, begun);
    await watchCanaries(run, first.plan, takeBack);
    return failures;
  }
  const names = tasks.map(({ service }) => service.name);
  const lasting = patient(run);
  const plan = await holdLease(
    {
      ...{ cluster: lasting.cluster, undo: run.undo.cluster, scope, clock: run.clock },
      holder: {
        ...{ user: readCurrentUser(), pid: process.pid, run: readRunId() },
        command: `kubernetes-deploy of ${formatList(names)}`,
      },
      ...{ timeout: environment.lockTimeout, force: mode.breakLock, say: run.tell },
      onLost: (why) => run.interruption.trigger(why),
    },
    async () => deployAll(lasting, begun),
  );
  if (plan) await watchCanaries(run, plan, takeBack);
  throwPartFailures(run);
  return failures;
}

/** Removes a canary by a run of its own, since others may deploy while it is watched. @returns why it could not. */
async function abortCanary(
  request: DeployRequest,
  { environment }: Run,
  name: string,
): Promise<string | undefined> {
  const tasks = request.tasks.filter(({ service }) => service.name === name);
  const options = { environment: environment.name, abort: true };
  try {
    return (await deployRun({ ...request, tasks, options })).get(name)?.message;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function startRun(request: DeployRequest): Promise<Run> {
  const { workspaceRoot, platformName, options, interruption } = request;
  const mode = normaliseOptions(options);
  const environment = readKubernetesEnvironment(
    workspaceRoot,
    requireEnvironment(options),
    ({ name, file }) =>
      `${file} is for Compose: run nx ${mode.destination.kind === 'push' ? 'compose-deploy' : 'compose-rollback'} -c ${name}, or write "engine: kubernetes" into it`,
  );
  const read = fileReader(workspaceRoot);
  const runner = sharedRunner(interruptibleRunner(request.runner, interruption));
  const { cluster, scope } = clusterOf(runner, platformName, environment);
  return {
    ...request,
    ...{ runner, mode, environment, scope, cluster },
    tasks: skipExternal(request, environment, mode),
    platform: readPlatform(findServiceProjects(workspaceRoot, read), read),
    clock: interruptibleClock(request.clock, interruption),
    undo: {
      cluster: {
        ...cluster,
        runner: stubbornRunner(request.runner),
        patience: { clock: request.clock, seconds: PATIENCE, seen: {} },
      },
      clock: request.clock,
    },
    ...(await readCommit(runner)),
    failures: new Map(),
    partFailures: new Map(),
    parts: observabilityParts(workspaceRoot, environment),
    secrets: new Map(),
    look: lookTogether(cluster, scope),
  };
}

/** How many seconds an API server may be away once a deploy has begun. */
const PATIENCE = 60;

function patient(run: Run): Run {
  const patience = { ...run.undo.cluster.patience!, clock: run.clock };
  const cluster = { ...run.cluster, patience };
  return { ...run, cluster, look: lookTogether(cluster, run.scope) };
}

interface Decided {
  state: ClusterState;
  plan: ClusterPlan;
  key: Awaited<ReturnType<typeof readSecretKey>>;
}

async function decide(run: Run): Promise<Decided> {
  const [state, key] = await Promise.all([
    readClusterState(run.cluster, run.scope),
    readSecretKey(run),
  ]);
  const desired = await readDesired(run, state, key.key);
  const plan = await makePlan(run, desired, state);
  await refuseForeign(run, plan);
  await checkCanaries(run, plan);
  const parts = plan.parts.filter(({ entry }) => !run.partFailures.has(entry.name));
  return { state, plan: { ...plan, parts }, key };
}

/** What is to be made must not be there: it would be taken from its owner, and deleted if the deploy fails. */
async function refuseForeign(run: Run, plan: ClusterPlan): Promise<void> {
  const { services, shared, broker, parts } = plan;
  const common = createdShared(shared);
  const made = services.map((one) => ({ service: one.service, names: namesMade(one, broker) }));
  const observing = parts.map(({ entry, objects }) => ({
    ...{ service: entry.name, names: createdShared(objects) },
  }));
  if (common.length + [...made, ...observing].flatMap(({ names }) => names).length === 0) return;
  const there = await readNames(run.cluster);
  for (const { service, names } of made) {
    const foreign = [...names, ...common].filter((name) => there.has(name));
    if (foreign.length > 0) run.failures.set(service, foreignObjects(run, service, foreign));
  }
  for (const { service, names } of observing) {
    const foreign = names.filter((name) => there.has(name));
    if (foreign.length > 0) run.partFailures.set(service, foreignObjects(run, service, foreign));
  }
}

/** The broker that a service makes use of is made for it, too. */
function namesMade(plan: ServicePlan, broker: ClusterPlan['broker']): string[] {
  const isUsed = broker?.users.includes(plan.service);
  return [...createdNames(plan), ...(broker && isUsed ? createdShared(broker.objects) : [])];
}

function foreignObjects({ scope, environment }: Run, service: string, names: string[]) {
  return new UserError(
    `${service} was not changed: the namespace ${scope.namespace} has ${formatList(names)}, which no deploy of ${scope.platform} to ${environment.name} made. Delete what is not needed, or write another "namespace" into ${environment.file}`,
  );
}

function allFailed({ tasks, failures }: Run): boolean {
  return tasks.every(({ service }) => failures.has(service.name));
}

/** A roll that may not write one of its objects would stop in the middle, and could not be taken back. */
function refuseWithoutRights(
  { failures, environment, scope }: Run,
  { services, shared }: ClusterPlan,
  rules: readonly AccessRule[],
): void {
  const common = neededForShared(shared);
  for (const plan of services) {
    const missing = missingFor(rules, [...common, ...neededRights(plan)]);
    if (missing.length === 0 || failures.has(plan.service)) continue;
    const message = `${plan.service} was not changed: the user of the context ${environment.context} may not ${missing.join('; ')}. Ask for a Role in the namespace ${scope.namespace} that allows it; "micro doctor" lists all that is missing`;
    failures.set(plan.service, new UserError(message));
  }
}

/** Everything that needs the lock. @returns the plan that was carried out. */
async function deployAll(run: Run, begun: number): Promise<ClusterPlan | undefined> {
  const { failures, mode, tell } = run;
  // What the first look found wrong is found again.
  failures.clear();
  run.partFailures.clear();
  const [{ state, plan, key }, rules] = await Promise.all([decide(run), readRules(run.cluster)]);
  tellPlan(run, plan);
  if (refuseOlder(run, plan)) return undefined;
  if (rules) refuseWithoutRights(run, plan, rules);
  if (allFailed(run)) return undefined;
  if (mode.atomic && failures.size > 0) {
    failAll(run, 'nothing was changed (--atomic)');
    return undefined;
  }
  if (key.isNew && run.secrets.size > 0) await keepSecretKey(run, key.key);
  const shared = changedObjects(plan.shared);
  await applyObjects({ cluster: run.cluster, say: tell }, shared, 'the shared objects');
  const parts = rollParts(run, plan);
  const rolled = await rollAll(run, plan, state);
  await parts;
  if (mode.prune && failures.size === 0) await prune(run, plan);
  await tellRolled(run, rolled);
  tellSummary(run, plan.services, begun);
  return plan;
}

async function prune(run: Run, { left }: ClusterPlan): Promise<void> {
  for (const [name, objects] of left) {
    await attempt(run, name, async () => {
      await deleteObjects(run.cluster, objects, `what is left of ${name}`);
      run.tell(formatStep(name, 'removed', 'its volumes stay'));
    });
  }
  const failed = [...left.keys()].flatMap((name) => run.failures.get(name)?.message ?? []);
  if (failed.length > 0) throw new UserError(failed.join('\n'));
}

/** Services that run as they are declared, so that nothing was written. */
function keptOf(run: Run, { plan, state }: Decided) {
  return new Map(
    plan.services.map((one) => [
      one.service,
      { plan: one, release: releaseOf(run, one, state), took: 0 },
    ]),
  );
}
