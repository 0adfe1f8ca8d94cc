import type { ComposeConfig, ComposeEntry } from '../deployment/entry';
import { withStopTime } from '../deployment/stop-time';
import { BROKER_VARIABLE, DATASTORE_PURPOSES, datastoreVariable } from '../platform/datastore';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { fargateSize } from '../platform/fargate-size';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { resourcesOn, type RenderedEcs } from './render';
import { LONGEST_STOP, stopTimeoutOf } from './task-definition';

/** Something that ECS cannot do, or that nobody said, with the file and the path in it where it has to change. */
export interface EcsProblem {
  service: string;
  where: 'compose' | 'environment' | 'manifest';
  path: readonly string[];
  message: string;
}

/** Keys that change what a container sees or may do, and of which nothing is rendered. */
const KEYS = [
  ...['cap_add', 'configs', 'devices', 'env_file', 'extra_hosts', 'network_mode', 'privileged'],
  ...['secrets', 'volumes'],
];

/** What keeps the rendered entries from running as they are declared. */
export function ecsProblems(
  rendered: RenderedEcs,
  platform: Platform,
  environment: EcsEnvironment,
  { services }: ComposeConfig,
): EcsProblem[] {
  return rendered.entries.flatMap(({ name, kind, service, missing }) => {
    const entry = services[name] ?? {};
    return [
      ...missingProblems(platform, environment, service, kind === 'service', missing),
      ...(kind === 'service' ? sizeProblems(platform, environment, service) : []),
      ...lostSettings(entry, service, name),
      ...stopProblems(entry, service, name),
    ];
  });
}

/** The variables with the addresses of what a service uses: on ECS, none of it is ours to run. */
export function neededAddresses({
  datastores,
  broker,
}: Pick<Service, 'datastores' | 'broker'>): string[] {
  return [
    ...DATASTORE_PURPOSES.filter((purpose) => datastores[purpose]).map(datastoreVariable),
    ...(broker ? [BROKER_VARIABLE] : []),
  ];
}

/** Datastores and the broker run elsewhere, and values of `.env` are on no task: the environment says them. */
function missingProblems(
  platform: Platform,
  environment: EcsEnvironment,
  service: string,
  isService: boolean,
  filled: readonly string[],
): EcsProblem[] {
  const addresses = neededAddresses(serviceNamed(platform, service));
  const { environment: variables = {}, secrets = {} } = environment.services[service] ?? {};
  const needed = new Set([...(isService ? addresses : []), ...filled]);
  return [...needed]
    .filter((variable) => !(variable in variables) && !(variable in secrets))
    .sort()
    .map((variable) => {
      const why = addresses.includes(variable)
        ? 'on ECS, datastores and the broker run elsewhere'
        : 'its value is in .env, which no task has';
      return {
        service,
        where: 'environment',
        path: ['services', service],
        message: `services.${service} has no ${variable}: ${why}. Add its ARN under "secrets"`,
      };
    });
}

function sizeProblems(
  platform: Platform,
  environment: EcsEnvironment,
  service: string,
): EcsProblem[] {
  const found = fargateSize(resourcesOn(environment, serviceNamed(platform, service)));
  if ('size' in found) return [];
  const message = `${found.problem}. For ECS alone, set "resources" of services.${service} in ${environment.file}`;
  return [{ service, where: 'manifest', path: ['resources'], message }];
}

function lostSettings(entry: ComposeEntry, service: string, name: string): EcsProblem[] {
  return KEYS.filter((key) => isSaid(entry[key])).map((key) => ({
    service,
    where: 'compose',
    path: ['services', name, key],
    message: `"${key}" of ${name} is not rendered for ECS: remove it, or keep ${service} on an environment with "engine: compose" and name its address under "links"`,
  }));
}

function stopProblems(entry: ComposeEntry, service: string, name: string): EcsProblem[] {
  const seconds = stopTimeoutOf(withStopTime(entry));
  if (seconds <= LONGEST_STOP) return [];
  return [
    {
      service,
      where: 'compose',
      path: ['services', name, 'stop_grace_period'],
      message: `${name} may take ${seconds} s to stop, and Fargate kills it after ${LONGEST_STOP} s: set "stop_grace_period" and STOP_TIMEOUT_MS to less`,
    },
  ];
}

function isSaid(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false;
}
