import type { Service } from '@aws-sdk/client-ecs';
import { runAws } from '../../../effects/aws';
import { deleteService } from '../../../effects/ecs-state';
import { revisionOf } from '../../../ecs/live-service';
import type { EcsServicePlan } from '../../../ecs/service-plan';
import { restoreInput } from '../../../ecs/update-input';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';
import { watchDeployment } from './watch';

/** Gives a service back what it had, or deletes it if it was not there. @returns what it did, in words. */
export async function undoService(run: Run, plan: EcsServicePlan): Promise<string> {
  const { service, live } = plan;
  const { aws } = run.undo;
  try {
    if (!live) {
      await deleteService(aws, run.scope, service);
      return `${service} was deleted again, as it was not there before`;
    }
    const taskDefinition = live.described.taskDefinition!;
    const before = revisionOf(taskDefinition);
    const { service: restored } = await runAws<{ service: Service }>(
      aws,
      ['ecs', 'update-service'],
      `Could not go back to r${before} of ${service}`,
      restoreInput(live.described),
    );
    const id = restored.deployments?.find(({ status }) => status === 'PRIMARY')?.id;
    await watchDeployment(run, { service, id, taskDefinition }, run.undo);
    return `${service} runs r${before} as before`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${service} could not be taken back: ${error.message}. ECS keeps the tasks that ran before as long as no new one is healthy; look at its deployments, and deploy again`;
  }
}
