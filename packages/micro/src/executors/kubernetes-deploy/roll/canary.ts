import { shareOf } from '../../../deployment/canary';
import type { ClusterState } from '../../../effects/cluster-state';
import { runKubectl } from '../../../effects/cluster';
import { Interrupted } from '../../../effects/interruption';
import { isRoute, isRouteSeen } from '../../../kubernetes/canary-route';
import { liveCanary } from '../../../kubernetes/canary-plan';
import { parseObjects } from '../../../kubernetes/live-object';
import { changedObjects, planObject, type ObjectPlan } from '../../../kubernetes/object-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { canaryName } from '../../../platform/canary';
import { UserError } from '../../../platform/user-error';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyObjects, deleteObjects } from './apply';
import { giveSecret, runJobs, startDatastores } from './needs';
import { recordCanary, releaseOf } from './record';
import { watchRollout } from './watch';

/**
 * Starts the pods of a canary, and gives it its share of the requests once they are ready.
 * @throws {UserError} if they do not get ready; then the canary is gone, and the service has all requests.
 */
export async function startCanary(run: Run, plan: ServicePlan, state: ClusterState): Promise<void> {
  const { service, desired, objects, canary } = plan;
  const { routes } = canary!;
  await startDatastores(run, plan);
  await runJobs(run, plan);
  const before = state.books.get(service)?.canary;
  const release = releaseOf(run, plan, state);
  const isKnown = before?.ready === true && before.release.hash === release.hash;
  const note = (ready: boolean) =>
    recordCanary(run, plan, { ...shareOf(canary!), ready, release }, state);
  const applying = { cluster: run.cluster, say: tellOf(run, service) };
  try {
    // Written first, so that the next run knows of a canary that was interrupted.
    if (!isKnown) await note(false);
    await giveSecret(run, desired.entry, plan.secret);
    await applyObjects(applying, changedObjects(objects), `the canary of ${service}`);
    const timeout = run.environment.healthTimeout;
    const name = canaryName(service);
    await watchRollout(run, {
      ...{ kind: 'Deployment', name, entry: name, container: service, timeout },
    });
    await note(true);
    await applyObjects(applying, changedObjects(routes), `the routes of ${service}`);
    await waitForRoutes(run, routes);
  } catch (error) {
    const failure = run.interruption.signal.aborted
      ? (run.interruption.signal.reason as Error)
      : error;
    if (!(failure instanceof UserError)) throw failure;
    const after = await takeBack(run, plan, state);
    const message =
      failure instanceof Interrupted ? `${service}: ${failure.message}` : failure.message;
    throw new UserError(`${message}\n${after}`);
  }
}

/** After a roll: the canary gets no requests any more, and then its objects are deleted. */
export async function endCanary(run: Run, plan: ServicePlan, state: ClusterState): Promise<void> {
  const { service, canary } = plan;
  if (canary?.action !== 'promote' && canary?.action !== 'abort') return;
  const applying = { cluster: run.cluster, say: tellOf(run, service) };
  await applyObjects(applying, changedObjects(canary.routes), `the routes of ${service}`);
  await waitForRoutes(run, canary.routes);
  await deleteObjects(run.cluster, canaryOf(plan, state), `the canary of ${service}`);
}

/** A canary that failed, whatever ran before. */
async function takeBack(run: Run, plan: ServicePlan, state: ClusterState): Promise<string> {
  const { service, current } = plan;
  const { cluster, clock } = run.undo;
  try {
    const routes = (current?.objects ?? [])
      .filter(isRoute)
      .map((route) => planObject(route, state.live));
    const objects = routes.map(({ object }) => object);
    await applyObjects({ cluster, say: tellOf(run, service) }, objects, `the routes of ${service}`);
    // If it had no requests yet, nothing has to wait.
    if (state.books.get(service)?.canary) await waitForRoutes({ cluster, clock }, routes);
    await deleteObjects(cluster, canaryOf(plan, state), `the canary of ${service}`);
    await recordCanary(run, plan, undefined, state);
    return `the canary was removed: r${current?.number} of ${service} serves all requests, as before (${current?.image})`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `the canary of ${service} could not be removed: ${error.message}. Run this again with --abort`;
  }
}

function canaryOf({ service, objects, canary }: ServicePlan, { objects: live }: ClusterState) {
  const started = canary?.action === 'start' ? objects.map(({ object }) => object) : [];
  return [...started, ...liveCanary(service, live)];
}

/** How long a Gateway may take to say that it has seen a route, and then to tell its proxies. */
const SEEN_MILLISECONDS = 10_000;
const TOLD_MILLISECONDS = 1000;

async function waitForRoutes(
  { cluster, clock }: Pick<Run, 'cluster' | 'clock'>,
  routes: readonly ObjectPlan[],
): Promise<void> {
  const until = clock.now() + SEEN_MILLISECONDS;
  // Istio does not say what its proxies have seen.
  const told = routes.filter(({ object }) => object.kind === 'HTTPRoute');
  for (const { object } of told) {
    const name = object.metadata!.name!;
    const args = ['get', 'httproutes.gateway.networking.k8s.io', name, '--output', 'json'];
    for (;;) {
      const { stdout } = await runKubectl(cluster, args, `Could not look at the route of ${name}`);
      if (parseObjects(stdout).every(isRouteSeen) || clock.now() >= until) break;
      await clock.sleep(TOLD_MILLISECONDS / 4);
    }
  }
  await clock.sleep(TOLD_MILLISECONDS);
}
