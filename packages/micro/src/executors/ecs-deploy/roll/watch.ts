import { describeServices } from '../../../effects/ecs-state';
import type { Aws } from '../../../effects/aws';
import type { Clock } from '../../../effects/clock';
import { judgeEcsRollout } from '../../../ecs/rollout';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';
import { tellWaiting } from './tell-waiting';
import { readTrouble } from './trouble';

const POLL_MILLISECONDS = 3000;

/** Seconds without any progress, beside `healthTimeout`: a target group may drain old tasks for five minutes. */
const PATIENCE = 600;

export interface WatchedDeployment {
  service: string;
  /** Of the deployment, as the call that began it said. */
  id: string | undefined;
  taskDefinition: string;
}

/** Waits until a deployment has ended. @throws {UserError} with the reason if it failed, or makes no progress. */
export async function watchDeployment(
  run: Run,
  { service, ...begun }: WatchedDeployment,
  { aws, clock }: { aws: Aws; clock: Clock } = run,
): Promise<void> {
  const { scope, environment } = run;
  const tell = tellWaiting(run, service, clock);
  const from = clock.now();
  let seen = '';
  let since = from;
  const limit = PATIENCE + environment.healthTimeout;
  for (;;) {
    const [described] = await describeServices(aws, scope, [service]);
    if (!described) throw new UserError(`${service}: its service was deleted meanwhile`);
    const rollout = judgeEcsRollout(described, begun);
    if (rollout.kind === 'done') return;
    if (rollout.kind === 'going' && seen !== rollout.what)
      [seen, since] = [rollout.what, clock.now()];
    const isOver = clock.now() - since > limit * 1000;
    if (rollout.kind === 'failed' || isOver) {
      const reason =
        rollout.kind === 'failed'
          ? rollout.reason
          : `it made no progress for ${limit} s (${rollout.tasks})`;
      const trouble = await readTrouble(run, {
        of: ['--service-name', described.serviceName!],
        ...{ taskDefinition: begun.taskDefinition, container: service, since: from },
        events: described.events ?? [],
      });
      throw new UserError([`${service}: ${reason}`, ...trouble].join('\n'));
    }
    tell(rollout.tasks);
    await clock.sleep(POLL_MILLISECONDS);
  }
}
