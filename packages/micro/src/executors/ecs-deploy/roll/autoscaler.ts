import { AwsError, runAws } from '../../../effects/aws';
import { autoscalerInput } from '../../../ecs/autoscaling';
import type { EcsServicePlan } from '../../../ecs/service-plan';
import type { Run } from '../run';

/** Writes the autoscaler of a service, or takes it away. */
export async function giveAutoscaler(
  { aws, scope }: Run,
  { service, desired, autoscaler: what }: EcsServicePlan,
): Promise<void> {
  const { autoscaler } = desired.entry;
  const call = 'application-autoscaling';
  if (what === 'put' && autoscaler) {
    const problem = `Could not write the autoscaler of ${service}`;
    await runAws(aws, [call, 'register-scalable-target'], problem, autoscaler.target);
    for (const { input } of autoscaler.policies) {
      await runAws(aws, [call, 'put-scaling-policy'], problem, input);
    }
  }
  if (what === 'remove') {
    const { target } = autoscalerInput(scope, service, { min: 1, max: 1 });
    const { ServiceNamespace, ResourceId, ScalableDimension } = target;
    const input = { ServiceNamespace, ResourceId, ScalableDimension };
    try {
      const problem = `Could not take the autoscaler of ${service} away`;
      await runAws(aws, [call, 'deregister-scalable-target'], problem, input);
    } catch (error) {
      if (!(error instanceof AwsError) || error.complaint.kind !== 'not-found') throw error;
    }
  }
}
