import { ownEntries } from '../../../compose/datastore';
import { shareOf } from '../../../deployment/canary';
import { checkCommit, parseCommit } from '../../../deployment/commit';
import { rollOrder } from '../../../deployment/order';
import type { ClusterState } from '../../../effects/cluster-state';
import { canaryProblem, planCanary } from '../../../kubernetes/canary-plan';
import { leftObjects, planBroker, type ClusterPlan } from '../../../kubernetes/cluster-plan';
import type { DesiredService } from '../../../kubernetes/desired-service';
import { planObject } from '../../../kubernetes/object-plan';
import { planPart } from '../../../kubernetes/part-plan';
import { planService, type OwnPlan, type ServicePlan } from '../../../kubernetes/service-plan';
import { linkedWithin } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';
import type { Desired } from './read-desired';
import { canaryInTheWay } from './wanted-release';

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
    const plan = planOne(run, one, state);
    if (!plan) continue;
    const { consumes } = linked.find((service) => service.name === name)!;
    const missing = consumes.filter(
      (provider) =>
        !state.live.has(`Deployment/${provider}`) && !linked.some((each) => each.name === provider),
    );
    services.push({ ...plan, ...(await checkRunning(run, plan)), missing, after });
  }
  const broker = planBroker([...desired.services.values()], state);
  return {
    environment: environment.name,
    context: environment.context,
    namespace: scope.namespace,
    rollback: mode.destination.kind === 'release',
    services,
    shared: desired.shared.map((object) => planObject(object, state.live)),
    ...(broker ? { broker } : {}),
    parts: desired.parts
      .filter(({ name }) => !run.partFailures.has(name))
      .map((part) => planPart(part, state)),
    left: leftObjects(state.objects, new Set([...ownEntries(platform), ...run.parts])),
    prune: mode.prune,
  };
}

/** @returns `undefined` if it can't be; then why is among the failures. */
function planOne(run: Run, desired: DesiredService, state: ClusterState): OwnPlan | undefined {
  const { mode, environment, platform, failures } = run;
  const { destination } = mode;
  if (destination.kind === 'canary') {
    const names = new Set(ownEntries(platform));
    const where = { environment: environment.name, file: environment.file, names };
    const problem = canaryProblem(desired, state, where);
    if (problem === undefined) return planCanary(desired, shareOf(destination), state);
    failures.set(desired.service, new UserError(problem));
    return undefined;
  }
  const ending = destination.kind === 'promote' || destination.kind === 'abort';
  const plan = planService(desired, state, ending ? destination.kind : undefined);
  const { action, current } = plan;
  const isSame = action === 'keep' || (action === 'watch' && current?.hash === desired.hash);
  const canary = state.books.get(plan.service)?.canary;
  if (canary && !ending && !isSame) {
    failures.set(plan.service, new UserError(canaryInTheWay(plan.service, plan.reason, canary)));
  }
  return plan;
}

async function checkRunning(
  { commit, ancestryOf, mode, environment }: Run,
  { current, action, desired }: Pick<ServicePlan, 'current' | 'action' | 'desired'>,
): Promise<Pick<ServicePlan, 'commit'>> {
  const runs = parseCommit(current?.commit);
  const isPush = mode.destination.kind === 'push' || mode.destination.kind === 'canary';
  if (!isPush || !current || !runs) return {};
  const check = checkCommit(runs, commit, await ancestryOf(runs.id));
  // The same release with another password undoes no commit.
  const isSame = action === 'keep' || current.hash === desired.hash;
  const isAllowed = mode.allowOlder || environment.olderCommits === 'allow';
  return { commit: { ...check, isRefused: check.takesBack && !isSame && !isAllowed } };
}
