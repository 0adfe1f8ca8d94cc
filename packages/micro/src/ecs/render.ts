import type {
  CreateServiceCommandInput,
  RegisterTaskDefinitionCommandInput,
  RunTaskCommandInput,
} from '@aws-sdk/client-ecs';
import {
  inTurn,
  jobsOf,
  runsImageOf,
  type ComposeConfig,
  type ComposeEntry,
} from '../deployment/entry';
import { grpcLinks } from '../deployment/grpc-links';
import type { WrittenHealthCheck } from '../deployment/health-check';
import { rollOrder } from '../deployment/order';
import { withStopTime } from '../deployment/stop-time';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { elsewhere } from '../platform/environment';
import { PUBLIC_URL } from '../platform/environment-keys';
import { fargateSize, type FargateSize } from '../platform/fargate-size';
import { linkVariable } from '../platform/link';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { POD_NETWORKS, TRUST_PROXY } from '../platform/trusted-proxies';
import { autoscalerInput, type AutoscalerInput } from './autoscaling';
import { healthCheckOf } from './health-check';
import { scopeOf, type EcsScope } from './names';
import { portMappingsOf, runTaskInput, serviceInput } from './service-input';
import { taskDefinition } from './task-definition';
import { variablesOf } from './variables';

/** The size of a task if nobody says one. */
export const DEFAULT_SIZE = { cpus: 0.25, memory: '512M' } as const;

export interface EcsRenderInput {
  platform: Platform;
  environment: EcsEnvironment;
  /** The compose files with nothing filled in, as `docker compose config --no-interpolate` prints them. */
  written: ComposeConfig;
  /** Of each service that is rendered: its image by digest, and the key of its content. */
  images: ReadonlyMap<string, { key: string; image: string }>;
  /** What the Dockerfile of each service says of its health; no value if it says nothing. */
  healthChecks: ReadonlyMap<string, WrittenHealthCheck>;
}

/** What one entry of the compose files is on ECS: the input of each call that makes it. */
export type EcsEntry = {
  /** Its name in the compose files. */
  name: string;
  /** The service that it is of: itself, or its owner. */
  service: string;
  taskDefinition: RegisterTaskDefinitionCommandInput;
  /** Variables that only `.env` has a value for, and the environment nothing. */
  missing: readonly string[];
} & (
  | { kind: 'job'; runTask: RunTaskCommandInput }
  | { kind: 'service'; createService: CreateServiceCommandInput; autoscaler?: AutoscalerInput }
);

export interface RenderedEcs {
  scope: EcsScope;
  /** In the order in which they start: providers before consumers, and the jobs of a service before it. */
  entries: readonly EcsEntry[];
}

/** The inputs for every service that has an image, and for its jobs. */
export function renderEcs(input: EcsRenderInput): RenderedEcs {
  const { platform, environment, images } = input;
  const scope = scopeOf(platform, environment);
  const services = platform.services.filter(
    ({ name }) => images.has(name) && elsewhere(environment, name) === undefined,
  );
  // A task only finds names that were there when it started.
  const order = [...rollOrder(services).keys()].map((name) => serviceNamed(platform, name));
  return {
    scope,
    entries: order.flatMap((service) => [
      ...renderJobs(input, scope, service),
      renderService(input, scope, service),
    ]),
  };
}

function renderService(input: EcsRenderInput, scope: EcsScope, service: Service): EcsEntry {
  const { environment, written, images, healthChecks } = input;
  const { name } = service;
  const here = environment.services[name];
  const entry = withStopTime(written.services[name] ?? {});
  const own = {
    ...trustOf(environment, service, entry),
    ...grpcLinks(input.platform, service),
    ...ownVariables(environment, service),
  };
  const variables = variablesOf(entry, own, here?.secrets ?? {});
  const healthCheck = healthCheckOf(entry, healthChecks.get(name), environment.healthTimeout);
  return {
    kind: 'service',
    name,
    service: name,
    taskDefinition: taskDefinition(scope, environment, {
      ...{ name, written: entry, variables, ...images.get(name)! },
      size: sizeOf(environment, service),
      taskRole: here?.taskRole ?? environment.taskRole,
      serving: { portMappings: portMappingsOf(service), ...(healthCheck ? { healthCheck } : {}) },
    }),
    createService: serviceInput(scope, environment, service),
    ...(here?.autoscale ? { autoscaler: autoscalerInput(scope, name, here.autoscale) } : {}),
    missing: variables.missing,
  };
}

/** Our own image migrates; whoever runs a datastore or a broker makes the accounts there. */
function renderJobs(input: EcsRenderInput, scope: EcsScope, service: Service): EcsEntry[] {
  const { environment, written, images } = input;
  const own = written.services[service.name] ?? {};
  const here = environment.services[service.name];
  return inTurn(jobsOf(own), written.services).flatMap((name): EcsEntry[] => {
    const entry = written.services[name];
    if (!entry || !runsImageOf(entry, own)) return [];
    const given = ownVariables(environment, service);
    const variables = variablesOf(entry, given, here?.secrets ?? {});
    return [
      {
        kind: 'job',
        name,
        service: service.name,
        taskDefinition: taskDefinition(scope, environment, {
          ...{ name, written: entry, variables, ...images.get(service.name)! },
          size: sizeOf(environment, service),
          taskRole: here?.taskRole ?? environment.taskRole,
        }),
        runTask: runTaskInput(scope, environment, name),
        missing: variables.missing,
      },
    ];
  });
}

/** The resources of a task: those of the environment, else those of the manifest. */
export function resourcesOn({ services }: EcsEnvironment, service: Service): Service['resources'] {
  const resources = services[service.name]?.resources ?? service.resources;
  return resources.cpus === undefined && resources.memory === undefined ? DEFAULT_SIZE : resources;
}

/** A size that Fargate does not have is a problem of its own, which is told before anything is written. */
function sizeOf(environment: EcsEnvironment, service: Service): FargateSize {
  const found = fargateSize(resourcesOn(environment, service));
  return 'size' in found ? found.size : { cpu: 0, memory: 0 };
}

/** What an environment tells a service beside its entry. */
function ownVariables(environment: EcsEnvironment, service: Service): Record<string, string> {
  const here = environment.services[service.name];
  const links = service.consumes.flatMap((name) => {
    const address = elsewhere(environment, name);
    return address === undefined ? [] : [[linkVariable(name), address] as const];
  });
  return {
    ...Object.fromEntries(links),
    ...(here?.url === undefined ? {} : { [PUBLIC_URL]: here.url }),
    ...here?.environment,
  };
}

/** The load balancer and the proxy of Service Connect are somewhere in the VPC, unless the entry says what to trust. */
function trustOf(
  { services }: EcsEnvironment,
  { name }: Service,
  entry: ComposeEntry,
): Record<string, string> {
  const variables = entry['environment'] as object | undefined;
  const isSet = variables !== undefined && TRUST_PROXY in variables;
  if (services[name]?.targetGroup === undefined || isSet) return {};
  return { [TRUST_PROXY]: ['127.0.0.1', ...POD_NETWORKS].join(',') };
}
