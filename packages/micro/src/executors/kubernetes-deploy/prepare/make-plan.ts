import { ownEntries } from '../../../compose/datastore';
import { checkCommit, parseCommit } from '../../../deployment/commit';
import { rollOrder } from '../../../deployment/order';
import type { ClusterState } from '../../../effects/cluster-state';
import { leftObjects, type ClusterPlan } from '../../../kubernetes/cluster-plan';
import { planObject } from '../../../kubernetes/object-plan';
import { planService, type ServicePlan } from '../../../kubernetes/service-plan';
import { linkedWithin } from '../../../platform/environment';
import type { Run } from '../run';
import type { Desired } from './read-desired';

/** Compares what is to run with what the cluster has. */
export async function makePlan(
  run: Run,
  desired: Desired,
  state: ClusterState,
): Promise<ClusterPlan> {
  const { tasks, environment, platform, mode, scope } = run;
  const linked = tasks.map(({ service }) => linkedWithin(environment, service));
  const services: ServicePlan[] = [];
  for (const [name, after] of rollOrder(linked)) {
    const one = desired.services.get(name);
    if (!one) continue;
    const plan = planService(one, state);
    const { consumes } = linked.find((service) => service.name === name)!;
    const missing = consumes.filter(
      (provider) =>
        !state.live.has(`Deployment/${provider}`) && !linked.some((each) => each.name === provider),
    );
    services.push({ ...plan, ...(await checkRunning(run, plan)), missing, after });
  }
  return {
    environment: environment.name,
    context: environment.context,
    namespace: scope.namespace,
    rollback: mode.destination.kind === 'release',
    services,
    shared: desired.shared.map((object) => planObject(object, state.live)),
    left: leftObjects(state.objects, new Set(ownEntries(platform))),
    prune: mode.prune,
  };
}

async function checkRunning(
  { commit, ancestryOf, mode, environment }: Run,
  { current, action, desired }: Pick<ServicePlan, 'current' | 'action' | 'desired'>,
): Promise<Pick<ServicePlan, 'commit'>> {
  const runs = parseCommit(current?.commit);
  if (mode.destination.kind === 'release' || !current || !runs) return {};
  const check = checkCommit(runs, commit, await ancestryOf(runs.id));
  // The same release with another password undoes no commit.
  const isSame = action === 'keep' || current.hash === desired.hash;
  const isAllowed = mode.allowOlder || environment.olderCommits === 'allow';
  return { commit: { ...check, isRefused: check.takesBack && !isSame && !isAllowed } };
}
