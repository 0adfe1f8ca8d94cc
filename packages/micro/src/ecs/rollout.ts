import type { DescribedService } from './live-service';

/** How far a deployment of ECS is. */
export type EcsRollout =
  | { kind: 'done' }
  /** `what` changes as long as there is progress. `tasks` are those of the deployment, for people. */
  | { kind: 'going'; what: string; tasks: string }
  | { kind: 'failed'; reason: string };

/**
 * Judges the deployment that our call began. The circuit breaker ends a deployment by going back, after which another
 * one is the primary one.
 *
 * @param id of the deployment.
 * @param taskDefinition its ARN.
 */
export function judgeEcsRollout(
  { deployments = [], runningCount = 0, desiredCount = 0 }: DescribedService,
  { id, taskDefinition }: { id: string | undefined; taskDefinition: string },
): EcsRollout {
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const ours =
    deployments.find((one) => one.id === id) ??
    // Somebody may have forced a new deployment of the same revision.
    (primary?.taskDefinition === taskDefinition ? primary : undefined);
  if (!ours) return { kind: 'failed', reason: 'ECS went back to the task definition before' };
  if (ours.rolloutState === 'FAILED') {
    return { kind: 'failed', reason: ours.rolloutStateReason ?? 'ECS ended the deployment' };
  }
  if (ours.rolloutState === 'COMPLETED' && runningCount >= desiredCount) return { kind: 'done' };
  const { runningCount: running, pendingCount: pending, failedTasks: failed } = ours;
  const others = deployments.length - 1;
  const wanted = ours.desiredCount ?? desiredCount;
  return {
    kind: 'going',
    what: [ours.rolloutState, running, pending, failed, others, runningCount].join(' '),
    tasks: [
      `${running ?? 0} of ${wanted} new tasks run`,
      ...(failed ? [`${failed} failed`] : []),
      ...(others > 0 && running === wanted ? ['the old ones still stop'] : []),
    ].join(', '),
  };
}
