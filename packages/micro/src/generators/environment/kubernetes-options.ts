import { missingAddresses } from '../../kubernetes/outside';
import { brokerOf, isBrokerServer } from '../../platform/datastore';
import { parseAnyEnvironment } from '../../platform/environment';
import { namespaceOf } from '../../platform/kubernetes-environment';
import { toUpperSnake } from '../../platform/name';
import type { Platform } from '../../platform/platform';
import type { EnvironmentSchema } from './environment-schema';
import {
  newKubernetesEnvironment,
  type NewKubernetesEnvironment,
  type NewRoutes,
} from './new-kubernetes-environment';

/** What is known of the workspace beside the options. */
interface Known {
  platform: Platform;
  gateways: readonly string[];
  /** The registry of other environments, if they have the same one. */
  registry: string | undefined;
  /** The gateway that is published. */
  published: string | undefined;
  /** Whether the workspace has `observability/`. */
  isObserved: boolean;
}

/** The text of an environment for a cluster, and the keys that a person has to check. */
export function kubernetesText(
  schema: EnvironmentSchema,
  { platform, gateways, registry, published, isObserved }: Known,
): { text: string; unsure: string[]; namespace: string; context: string } {
  const { name } = schema;
  const context = schema.context || name;
  const namespace = schema.namespace || undefined;
  const routes = routesOf(schema, published !== undefined);
  const chosen = schema.registry || registry;
  const facts: NewKubernetesEnvironment = {
    ...{ name, context, gateways, isObserved, secrets: new Map() },
    hasBroker: isBrokerServer(brokerOf(platform.services)),
    ...(namespace === undefined ? {} : { namespace }),
    defaultNamespace: namespaceOf(platform.name, { name, namespace: undefined }),
    registry: chosen ?? `registry.example.com/${platform.name}`,
    ...(routes ? { routes } : {}),
    ...(published === undefined
      ? {}
      : { published: { service: published, host: String(schema.publish) } }),
  };
  const text = newKubernetesEnvironment({ ...facts, secrets: secretsOf(facts, platform) });
  return {
    text,
    unsure: [
      ...(schema.context ? [] : [`context: ${context}`]),
      ...(chosen === undefined ? [`registry: ${facts.registry}`] : []),
    ],
    namespace: namespaceOf(platform.name, { name, namespace }),
    context,
  };
}

function routesOf(
  { ingressClass, gateway }: EnvironmentSchema,
  isPublished: boolean,
): NewRoutes | undefined {
  if (gateway) {
    const [first = '', ...rest] = gateway.split('/');
    return rest.length === 0
      ? { kind: 'gateway', name: first }
      : { kind: 'gateway', namespace: first, name: rest.join('/') };
  }
  if (ingressClass) return { kind: 'ingress', class: ingressClass };
  return isPublished ? { kind: 'ingress' } : undefined;
}

/** Addresses that a deploy would miss, such as that of the broker. Each service has an account of its own. */
function secretsOf(facts: NewKubernetesEnvironment, platform: Platform) {
  const names = platform.services.map((service) => service.name);
  const environment = parseAnyEnvironment(facts.name, newKubernetesEnvironment(facts), names);
  const secrets = new Map<string, Record<string, string>>();
  if (environment.engine !== 'kubernetes') return secrets;
  for (const { service, variable } of missingAddresses(platform, environment)) {
    const source = `${toUpperSnake(service)}_${variable}`;
    secrets.set(service, { ...secrets.get(service), [variable]: source });
  }
  return secrets;
}
