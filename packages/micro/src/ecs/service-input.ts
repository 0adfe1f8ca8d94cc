import type {
  CreateServiceCommandInput,
  NetworkConfiguration,
  PortMapping,
  RunTaskCommandInput,
  ServiceConnectService,
} from '@aws-sdk/client-ecs';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { grpcHost } from '../platform/name';
import type { Service } from '../platform/platform';
import { nameOnEcs, tagsOf, type EcsScope } from './names';
import { logsOf } from './task-definition';

/** The ports of a service, by the names that Service Connect finds them with. */
export function portMappingsOf({ port, grpcPort }: Service): PortMapping[] {
  return [
    { name: 'http', containerPort: port, protocol: 'tcp', appProtocol: 'http' },
    ...(grpcPort === undefined
      ? []
      : [
          {
            name: 'grpc',
            containerPort: grpcPort,
            protocol: 'tcp' as const,
            appProtocol: 'grpc' as const,
          },
        ]),
  ];
}

/** What `aws ecs create-service` takes. */
export function serviceInput(
  scope: EcsScope,
  environment: EcsEnvironment,
  service: Service,
): CreateServiceCommandInput {
  const { name, port } = service;
  const here = environment.services[name];
  return {
    cluster: scope.cluster,
    serviceName: nameOnEcs(scope, name),
    // The family: its latest revision.
    taskDefinition: nameOnEcs(scope, name),
    desiredCount: here?.autoscale?.min ?? here?.replicas ?? service.replicas,
    launchType: 'FARGATE',
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: true },
      minimumHealthyPercent: 100,
      maximumPercent: 200,
    },
    networkConfiguration: networkOf(environment),
    ...(here?.targetGroup === undefined
      ? {}
      : {
          loadBalancers: [
            { targetGroupArn: here.targetGroup, containerName: name, containerPort: port },
          ],
          healthCheckGracePeriodSeconds: environment.healthTimeout,
        }),
    serviceConnectConfiguration: {
      enabled: true,
      namespace: scope.namespace,
      ...(service.kind === 'worker' ? {} : { services: namesOf(service) }),
      logConfiguration: logsOf(scope, `${name}-connect`),
    },
    enableECSManagedTags: true,
    propagateTags: 'SERVICE',
    tags: tagsOf(scope, name),
  };
}

/** What `aws ecs run-task` takes, for a job that ends. */
export function runTaskInput(
  scope: EcsScope,
  environment: EcsEnvironment,
  job: string,
): RunTaskCommandInput {
  return {
    cluster: scope.cluster,
    taskDefinition: nameOnEcs(scope, job),
    count: 1,
    launchType: 'FARGATE',
    networkConfiguration: networkOf(environment),
    enableECSManagedTags: true,
    propagateTags: 'TASK_DEFINITION',
  };
}

function networkOf({ subnets, securityGroups, publicIp }: EcsEnvironment): NetworkConfiguration {
  return {
    awsvpcConfiguration: {
      subnets,
      securityGroups,
      assignPublicIp: publicIp ? 'ENABLED' : 'DISABLED',
    },
  };
}

/**
 * The names under which others call a service: `http://orders:3001`, as with Compose. Two names for two ports, since a
 * name of Service Connect is one address. The proxy has no time limit of its own for a request (its default is 15 s):
 * callers send their deadline along, and a stream may last longer.
 */
function namesOf({ name, port, grpcPort }: Service): ServiceConnectService[] {
  const noLimit = { perRequestTimeoutSeconds: 0 };
  const named = (portName: string, dnsName: string, at: number): ServiceConnectService => ({
    portName,
    discoveryName: dnsName,
    clientAliases: [{ dnsName, port: at }],
    timeout: noLimit,
  });
  return [
    named('http', name, port),
    ...(grpcPort === undefined ? [] : [named('grpc', grpcHost(name), grpcPort)]),
  ];
}
