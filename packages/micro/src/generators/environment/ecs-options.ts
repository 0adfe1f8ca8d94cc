import { neededAddresses } from '../../ecs/problems';
import { ecsNames } from '../../platform/ecs-environment';
import type { Platform } from '../../platform/platform';
import { keyVariables } from '../../platform/service-key';
import type { EnvironmentSchema } from './environment-schema';
import { newEcsEnvironment } from './new-ecs-environment';

/** The address of a registry of ECR tells the account and the region. */
const ECR = /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com/;

const EXAMPLE_ACCOUNT = '123456789012';
const EXAMPLE_REGION = 'eu-central-1';

/** What is known of the workspace beside the options. */
interface Known {
  platform: Platform;
  gateways: readonly string[];
  /** The registry of other environments, if they have the same one. */
  registry: string | undefined;
}

/** The text of an environment for ECS, and the keys that a person has to check. */
export function ecsText(
  schema: EnvironmentSchema,
  { platform, gateways, registry }: Known,
): { text: string; unsure: string[] } {
  const { name } = schema;
  const chosen = schema.registry || (registry !== undefined && ECR.test(registry) ? registry : '');
  const told = ECR.exec(chosen)?.groups;
  const account = told?.['account'] ?? EXAMPLE_ACCOUNT;
  const region = schema.region || (told?.['region'] ?? EXAMPLE_REGION);
  const { prefix } = ecsNames(platform.name, { name });
  const parameter = (path: string) =>
    `arn:aws:ssm:${region}:${account}:parameter/${platform.name}/${name}/${path}`;
  const needed = platform.services.map((service): [string, Record<string, string>] => {
    const addresses = neededAddresses(service).map((variable): [string, string] => [
      variable,
      parameter(`${service.name}/${variable}`),
    ]);
    // Both ends of a link have the same key, so they name the same parameter.
    const keys = keyVariables(platform, service, parameter);
    return [service.name, { ...Object.fromEntries(addresses), ...keys }];
  });
  const secrets = new Map(needed.filter(([, own]) => Object.keys(own).length > 0));
  const text = newEcsEnvironment({
    ...{ region, account, prefix, secrets, gateways },
    ...(schema.cluster ? { cluster: schema.cluster } : {}),
    registry: chosen || `${account}.dkr.ecr.${region}.amazonaws.com`,
  });
  return {
    text,
    unsure: [
      ...(schema.region || told ? [] : [`region: ${region}`]),
      ...(chosen ? [] : ['registry']),
      ...['subnets', 'securityGroups', 'executionRole'],
    ],
  };
}
