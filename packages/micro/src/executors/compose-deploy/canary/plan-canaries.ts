import { shareOf, type CanaryShare, type CanaryShares } from '../../../deployment/canary';
import {
  canaryIn,
  describeCanary,
  plannedEnd,
  type CanaryPlan,
} from '../../../deployment/canary-plan';
import { isServing, type Container } from '../../../deployment/container';
import { planDeploy } from '../../../deployment/plan';
import { canaryName } from '../../../platform/canary';
import { UserError } from '../../../platform/user-error';
import type { Facts, Run } from '../run';

/** The name of the service itself, also while its canary is deployed under another one. */
export function ownName({ canaryOf }: Pick<Run, 'canaryOf'>, name: string): string {
  return canaryOf.get(name)?.service ?? name;
}

/** What becomes of the canaries of the run's services. Those that cannot be planned become failures. */
export function planCanaries(
  run: Run,
  { containers, shares }: Pick<Facts, 'containers' | 'shares'>,
): CanaryPlan[] {
  const { tasks, failures, mode, canaryOf, environment } = run;
  const { destination } = mode;
  return tasks.flatMap(({ service: { name } }): CanaryPlan[] => {
    if (failures.has(name)) return [];
    const service = ownName(run, name);
    const running = canaryIn(service, containers, shares);
    if (destination.kind === 'canary') {
      const declared = canaryOf.get(name);
      if (!declared) return [];
      const own = containers.filter((one) => one.service === service);
      if (!own.some(isServing)) {
        const why = `${service} does not run in ${environment.name} yet, so nothing can be compared with a canary: deploy it without --canary first`;
        failures.set(name, new UserError(why));
        return [];
      }
      const isNew = planDeploy(own, declared).kind !== 'keep';
      const action = isNew || running ? 'start' : 'none';
      return [{ service, action, ...shareOf(destination), before: running?.share }];
    }
    const isEnd = destination.kind === 'promote' || destination.kind === 'abort';
    if (running) return [plannedEnd(service, running, isEnd ? destination.kind : 'run')];
    if (isEnd) {
      const why = `no canary of ${service} runs in ${environment.name}`;
      failures.set(name, new UserError(why));
    }
    return [];
  });
}

/**
 * Which requests canaries get if all goes as planned; those of services that failed keep what they had. The share of a
 * canary that somebody removed is forgotten.
 */
export function sharesAfter(
  { failures, mode: { destination } }: Run,
  canaries: readonly CanaryPlan[],
  { containers, shares }: Pick<Facts, 'containers' | 'shares'>,
): CanaryShares {
  const isThere = ([service]: [string, CanaryShare]) => canaryIn(service, containers, shares);
  const after = new Map([...shares].filter(isThere));
  for (const { service, action } of canaries) {
    if (failures.has(service) || failures.has(canaryName(service))) continue;
    if (action === 'promote' || action === 'abort') after.delete(service);
    if (action === 'start' && destination.kind === 'canary') {
      after.set(service, shareOf(destination));
    }
  }
  return after;
}

/** Why a service is not changed beside its canary: with two new versions at a time, neither could be judged. */
export function refusedBeside(
  canaries: readonly CanaryPlan[],
  service: string,
  reason: string,
): UserError | undefined {
  const canary = canaries.find((one) => one.service === service && one.action === 'run');
  return (
    canary &&
    new UserError(
      `${service} was not changed (${reason}), because ${describeCanary(canary)}: deploy it with --promote, or remove it with --abort, then run this again`,
    )
  );
}

/** The containers of a canary that can be promoted. */
export function requireReady(
  { environment }: Run,
  service: string,
  containers: readonly Container[],
  shares: CanaryShares,
): readonly Container[] {
  const own = canaryIn(service, containers, shares)?.containers.filter(isServing) ?? [];
  if (own.length > 0 && own.every(({ health }) => health !== 'unhealthy')) return own;
  throw new UserError(
    `the canary of ${service} in ${environment.name} is not healthy, so it is not promoted: look at "micro logs ${service}-canary -e ${environment.name}", or remove it with --abort`,
  );
}
