import type { CreateServiceCommandInput, UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import type { DescribedService } from './live-service';
import type { ServiceEntry } from './desired-service';

/** What `aws ecs update-service` takes to give a service another task definition alone. */
export function updateTaskInput(
  { createService: { cluster, serviceName } }: ServiceEntry,
  taskDefinition: string,
): UpdateServiceCommandInput {
  return { cluster, service: serviceName, taskDefinition };
}

/** What `aws ecs update-service` takes to give a service all its settings. */
export function updateServiceInput(
  { createService, autoscaler }: ServiceEntry,
  taskDefinition: string | undefined,
): UpdateServiceCommandInput {
  const { cluster, serviceName, desiredCount, ...rest } = createService;
  return {
    ...{ cluster, service: serviceName },
    ...(taskDefinition === undefined ? {} : { taskDefinition }),
    ...(autoscaler ? {} : { desiredCount }),
    ...settingsOf(rest),
  };
}

type Settings = Pick<
  CreateServiceCommandInput,
  | 'deploymentConfiguration'
  | 'networkConfiguration'
  | 'loadBalancers'
  | 'healthCheckGracePeriodSeconds'
  | 'serviceConnectConfiguration'
  | 'enableECSManagedTags'
  | 'propagateTags'
>;

/** A list that is left out stays as it is, so that none is an empty one. */
function settingsOf(given: Settings): Settings {
  const { deploymentConfiguration, networkConfiguration, loadBalancers = [] } = given;
  const { healthCheckGracePeriodSeconds, serviceConnectConfiguration } = given;
  const { enableECSManagedTags, propagateTags } = given;
  return {
    ...{ deploymentConfiguration, networkConfiguration, loadBalancers },
    ...(loadBalancers.length > 0 && healthCheckGracePeriodSeconds !== undefined
      ? { healthCheckGracePeriodSeconds }
      : {}),
    ...(serviceConnectConfiguration ? { serviceConnectConfiguration } : {}),
    ...{ enableECSManagedTags, propagateTags },
  };
}

/** What `aws ecs update-service` takes to give a service back what it had. */
export function restoreInput(before: DescribedService): UpdateServiceCommandInput {
  const { clusterArn, serviceName, taskDefinition, desiredCount, deployments = [] } = before;
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  return {
    ...{ cluster: clusterArn, service: serviceName, taskDefinition, desiredCount },
    ...settingsOf({ ...before, serviceConnectConfiguration: primary?.serviceConnectConfiguration }),
  };
}
