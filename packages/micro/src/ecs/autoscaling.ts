import type {
  PutScalingPolicyCommandInput,
  RegisterScalableTargetCommandInput,
} from '@aws-sdk/client-application-auto-scaling';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { nameOnEcs, tagsOf, type EcsScope } from './names';

type Autoscale = NonNullable<EcsEnvironment['services'][string]['autoscale']>;

/** What `aws application-autoscaling` takes: the bounds, and a policy for each thing that decides. */
export interface AutoscalerInput {
  target: RegisterScalableTargetCommandInput;
  policies: readonly { of: 'cpu' | 'memory'; input: PutScalingPolicyCommandInput }[];
}

export function autoscalerInput(
  scope: EcsScope,
  name: string,
  autoscale: Autoscale,
): AutoscalerInput {
  const what = {
    ServiceNamespace: 'ecs' as const,
    ResourceId: `service/${scope.cluster}/${nameOnEcs(scope, name)}`,
    ScalableDimension: 'ecs:service:DesiredCount' as const,
  };
  const tags = tagsOf(scope, name).map(({ key, value }) => [key, value]);
  return {
    target: {
      ...what,
      MinCapacity: autoscale.min,
      MaxCapacity: autoscale.max,
      Tags: Object.fromEntries(tags) as Record<string, string>,
    },
    policies: (['cpu', 'memory'] as const).flatMap((of) => {
      const percent = autoscale[of];
      if (percent === undefined) return [];
      const metric = of === 'cpu' ? 'ECSServiceAverageCPUUtilization' : MEMORY;
      const input: PutScalingPolicyCommandInput = {
        ...what,
        PolicyName: `${nameOnEcs(scope, name)}-${of}`,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: percent,
          PredefinedMetricSpecification: { PredefinedMetricType: metric },
        },
      };
      return [{ of, input }];
    }),
  };
}

const MEMORY = 'ECSServiceAverageMemoryUtilization';
