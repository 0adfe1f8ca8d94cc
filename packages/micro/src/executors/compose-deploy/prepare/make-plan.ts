import type { CanaryShares } from '../../../deployment/canary';
import { canaryName } from '../../../platform/canary';
import { linkedWithin } from '../../../platform/environment';
import { readImageChangeProblems } from '../../../effects/written-problems';
import { readRunningContainers } from '../../../effects/containers';
import { PlatformError } from '../../../platform/problem';
import { UserError } from '../../../platform/user-error';
import type { ServiceTask } from '../../service-task';
import { type EdgePlan, planEdge, portHolders } from '../../../deployment/edge-plan';
import type { Service } from '../../../platform/platform';
import {
  ownName,
  planCanaries,
  refusedBeside,
  requireReady,
  sharesAfter,
} from '../canary/plan-canaries';
import { stateBehindEdge } from '../edge/state-behind-edge';
import { publicationsNow } from '../edge/edge-steps';
import { planLeftEdge } from '../edge/moving-ports';
import type { RunEdge } from '../edge/run-edge';
import { rollOrder } from '../../../deployment/order';
import { planDeploy } from '../../../deployment/plan';
import {
  type Release,
  currentRelease,
  findRelease,
  previousRelease,
} from '../../../deployment/release';
import { checkRunning } from './check-commits';
import { planRevival } from '../../../deployment/plan-revival';
import { secretsLabelOf, secretsOf } from './read-secrets';
import { readSlice } from '../../../effects/release-book';
import { readFilled } from './earlier-releases';
import { attempt } from '../../deploy-failures';
import type { Facts, Run } from '../run';
import {
  type Outdated,
  type RunPlan,
  type ServicePlan,
  leftContainers,
} from '../../../deployment/run-plan';
import { type DesiredState, recordedState } from '../../../deployment/desired-state';
import { recordedAtPortsOfToday, withPortNotes, type ReadCallers } from './link-ports';
import type { Rendered } from './render';
import type { Container } from '../../../deployment/container';

/** Compares the desired state with what is running. Services that cannot be planned become failures. */
export async function makePlan(
  run: Run,
  rendered: Rendered | undefined,
  facts: Facts,
): Promise<RunPlan> {
  const { containers, releases, confirmed, edge } = facts;
  const { tasks, failures, environment, name, mode } = run;
  const services: ServicePlan[] = [];
  let callers: ReturnType<ReadCallers> | undefined;
  const readCallers = () => (callers ??= readRunningContainers(run.runner, run.address, run.name));
  const outdated = new Map<string, Outdated>();
  const canaries = planCanaries(run, facts);
  const idle = canaries.filter(({ action }) => action === 'none' || action === 'abort');
  const order = rollOrder(tasks.map(({ service }) => linkedWithin(environment, service)));
  for (const [service, after] of order) {
    if (failures.has(service)) continue;
    const task = tasks.find((one) => one.service.name === service)!;
    const own = containers.filter((container) => container.service === service);
    const known = releases.get(service) ?? [];
    const current = currentRelease(own, known);
    if (idle.some((one) => one.service === ownName(run, service))) continue;
    const desired = await attempt(run, service, async () => {
      if (mode.destination.kind === 'promote') return findPromoted(run, task.service, facts);
      if (rendered) return rendered.desired.get(service);
      const hasEdge = edge.container !== undefined;
      const recorded = await findRecorded(run, task.service, current, known, hasEdge);
      return recordedAtPortsOfToday(recorded, services, containers, readCallers);
    });
    if (!desired) continue;
    const plan = planDeploy(own, desired);
    if (plan.kind !== 'keep') {
      const refused = refusedBeside(canaries, service, plan.reason);
      if (refused) {
        failures.set(service, refused);
        continue;
      }
    }
    if (mode.atomic && plan.kind !== 'keep' && plan.serving.length > 0 && !current) {
      failures.set(
        service,
        new UserError(
          `the engine has no release of the running version of ${service}, so --atomic could not go back to it: deploy once without --atomic`,
        ),
      );
    }
    const changes = outdatedNeeds(desired.needs, task.service.consumes, containers);
    const refused = readImageChangeProblems(run.workspaceRoot, task.service, environment, changes);
    if (refused.length > 0) {
      failures.set(service, new PlatformError(refused));
      continue;
    }
    for (const one of changes) outdated.set(one.name, one);
    const planned = { service, desired, plan, current };
    services.push({
      ...planned,
      ...(await checkRunning(run, planned, own, confirmed)),
      revived: planRevival(own, known),
      ...missingNeeds(
        { ...task, service: linkedWithin(environment, task.service) },
        tasks,
        [...desired.needs.keys()],
        containers,
      ),
      after: after.filter((provider) => !failures.has(provider)),
    });
  }
  const left = rendered ? leftContainers(containers, rendered.names) : [];
  return {
    environment: environment.name,
    project: name,
    rollback: mode.destination.kind === 'release',
    services: await withPortNotes(environment.name, services, containers, readCallers),
    canaries,
    edge: rendered?.edge
      ? planRunEdge(run, rendered.edge, facts, sharesAfter(run, canaries, facts))
      : await planLeftEdge(run, services, { containers, edge }),
    outdated: [...outdated.values()],
    left: [...new Set(left.map(({ service }) => service))].sort(),
    prune: mode.prune,
  };
}

/** The plan for the edge of a deploy. */
function planRunEdge(
  run: Run,
  edge: RunEdge,
  { containers, edge: state }: Facts,
  shares: CanaryShares,
): EdgePlan {
  const publications = publicationsNow(run, edge, containers, shares);
  return planEdge(state, edge.of(publications), portHolders(containers, publications));
}

/** What the canary of a service runs, as the service itself. */
async function findPromoted(
  run: Run,
  { name: service, replicas: declared }: Service,
  { containers, releases, shares }: Facts,
): Promise<DesiredState> {
  const own = requireReady(run, service, containers, shares);
  const release = currentRelease(own, releases.get(canaryName(service)) ?? []);
  if (!release) {
    throw new UserError(
      `the engine has no record of the canary of ${service}, so it cannot be deployed: remove it with --abort`,
    );
  }
  const replicas = run.environment.services[service]?.replicas ?? declared;
  const recorded = { ...release, service, replicas };
  const slice = await readFilled(run, recorded);
  // Throws now, before the roll, if a secret is missing.
  secretsOf(run, service, slice);
  const secrets = secretsLabelOf(run, service, slice);
  // It becomes a release of the service, with a number of its own.
  const { release: _ofCanary, ...state } = recordedState(recorded, slice, secrets);
  return { ...state, noted: await readSlice(run.book, release), commit: release.commit };
}

/** The release that a rollback of the service goes to. */
async function findRecorded(
  run: Run,
  { name: service, port }: Service,
  current: Release | undefined,
  releases: readonly Release[],
  hasEdge: boolean,
): Promise<DesiredState> {
  const { mode, environment } = run;
  const { destination } = mode;
  const to = destination.kind === 'release' ? destination.to : undefined;
  const release = to === undefined ? previousRelease(current, releases) : findRelease(to, releases);
  if (release) {
    const slice = await readFilled(run, release);
    // Throws now, before the roll, if a secret is missing.
    secretsOf(run, service, slice);
    const recorded = recordedState(release, slice, secretsLabelOf(run, service, slice));
    // A release from before the edge published the port that now belongs to the edge.
    return hasEdge ? stateBehindEdge(recorded, port, environment) : recorded;
  }
  const known = releases
    .filter(({ open }) => !open)
    .map(({ number, key, since }) => `r${number} (k-${key.slice(0, 12)}, ${since})`);
  throw new UserError(
    `${to === undefined ? 'there is no earlier release' : `there is no release "${to}"`} of ${service} in ${environment.name}; the engine remembers ${known.join(', ') || 'none'}`,
  );
}

/**
 * Datastores and the broker that an entry depends on and that are not running. Services are known from the manifest.
 */
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

/** Datastores and the broker whose containers run another image than their entries name. */
export function outdatedNeeds(
  needs: DesiredState['needs'],
  consumes: readonly string[],
  containers: readonly Container[],
): Outdated[] {
  return containers.flatMap(({ name, service, image }) => {
    const wanted = consumes.includes(service) ? undefined : needs.get(service);
    return wanted === undefined || wanted === image ? [] : [{ name, service, image, wanted }];
  });
}
