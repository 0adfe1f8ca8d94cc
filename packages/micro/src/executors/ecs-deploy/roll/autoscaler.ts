import { AwsError, runAws } from '../../../effects/aws';
import { autoscalerInput } from '../../../ecs/autoscaling';
import type { EcsServicePlan } from '../../../ecs/service-plan';
import type { Run } from '../run';

const CALL = 'application-autoscaling';

/** Writes the autoscaler of a service, or takes it away. */
export async function giveAutoscaler(
  run: Run,
  { service, desired, autoscaler: what }: EcsServicePlan,
): Promise<void> {
  const { aws } = run;
  const { autoscaler } = desired.entry;
  if (what === 'put' && autoscaler) {
    const problem = `Could not write the autoscaler of ${service}`;
    await runAws(aws, [CALL, 'register-scalable-target'], problem, autoscaler.target);
    for (const { input } of autoscaler.policies) {
      await runAws(aws, [CALL, 'put-scaling-policy'], problem, input);
    }
  }
  if (what === 'remove') await removeAutoscaler(run, service);
}

/** It is fine if there is none. */
export async function removeAutoscaler({ aws, scope }: Run, service: string): Promise<void> {
  const { target } = autoscalerInput(scope, service, { min: 1, max: 1 });
  const { ServiceNamespace, ResourceId, ScalableDimension } = target;
  const input = { ServiceNamespace, ResourceId, ScalableDimension };
  try {
    const problem = `Could not take the autoscaler of ${service} away`;
    await runAws(aws, [CALL, 'deregister-scalable-target'], problem, input);
  } catch (error) {
    if (!(error instanceof AwsError) || error.complaint.kind !== 'not-found') throw error;
  }
}
