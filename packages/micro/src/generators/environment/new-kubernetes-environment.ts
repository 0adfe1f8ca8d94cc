import { Document, isMap, stringify } from 'yaml';

/** What publishes hosts of a cluster. */
export type NewRoutes =
  { kind: 'ingress'; class?: string } | { kind: 'gateway'; name: string; namespace?: string };

/** What a new environment for a cluster is made of. */
export interface NewKubernetesEnvironment {
  name: string;
  /** The kubectl context. */
  context: string;
  /** The default name is shown if it is absent. */
  namespace?: string;
  defaultNamespace: string;
  registry: string;
  routes?: NewRoutes;
  /** Whether the cluster can run the broker of the platform; one that is a service of AWS, it cannot. */
  hasBroker: boolean;
  /** The gateway that is published, with its public host name. */
  published?: { service: string; host: string };
  /** Secrets that services need, each with the variable of the deploying process that holds it. */
  secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The platform's gateways; the first serves as an example. */
  gateways: readonly string[];
  /** Whether the workspace has `observability/`. */
  isObserved: boolean;
}

/** The text of `environments/<name>.yml` for a Kubernetes cluster. */
export function newKubernetesEnvironment(environment: NewKubernetesEnvironment): string {
  const { context, namespace, defaultNamespace, registry, routes } = environment;
  return `# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# The cluster to deploy to, as "kubectl config get-contexts" names it. The current context is never used.
engine: kubernetes
${setting('context', context)}
# The namespace has to exist.
${namespace === undefined ? `# ${setting('namespace', defaultNamespace)}` : setting('namespace', namespace)}
# Images are pushed to it, and the nodes pull them from it. If the nodes have to log in, name the Secret of the
# namespace with the credentials: \`pullSecret: registry\`.
${setting('registry', registry)}
${routesText(routes)}
${backingText(environment)}# storage: { size: 8Gi }

${observabilityText(environment)}
${servicesText(environment)}
# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`;
}

function backingText({ hasBroker }: NewKubernetesEnvironment): string {
  return hasBroker
    ? `# Databases, caches and the broker run in the cluster, each with a volume. If they run elsewhere, give their URLs as
# secrets: \`datastores: external\`, \`broker: external\`.
broker: in-cluster
`
    : `# Databases and caches run in the cluster, each with a volume.
# If they run elsewhere, give their URLs as secrets: \`datastores: external\`.
`;
}

function observabilityText({ isObserved }: NewKubernetesEnvironment): string {
  return isObserved
    ? `# Prometheus, Grafana and Jaeger of observability/ run in the cluster, too, and services report to them.\n${setting('observability', 'in-cluster')}`
    : `# Prometheus, Grafana and Jaeger can run in the cluster, too, after "nx g @org/micro:observability":\n# ${setting('observability', 'in-cluster')}`;
}

function routesText(routes: NewRoutes | undefined): string {
  if (routes?.kind === 'gateway') {
    const { name, namespace } = routes;
    const value = { name, ...(namespace === undefined ? {} : { namespace }) };
    return `# Hosts are published by this Gateway, which has to exist.\n${flow('gateway', value)}`;
  }
  const other = '`gateway: { name: public, namespace: infra }`';
  return routes
    ? `# Hosts are published by Ingress. For the Gateway API, write ${other} instead.\n${flow('ingress', routes.class === undefined ? {} : { class: routes.class })}`
    : `# Hosts are published by Ingress, or by the Gateway API with ${other}:\n# ingress: { class: nginx }\n`;
}

/** What can be said of one service; uncommented it stands at the right depth. */
const OF_A_SERVICE = [
  'replicas: 2',
  'autoscale: { min: 2, max: 6, cpu: 70 } # instead of replicas',
  'resources: { cpus: 0.5, memory: 256M }',
  'environment: { LOG_LEVEL: debug }',
];

const EXAMPLE_SECRETS = ['secrets:', '  STRIPE_KEY: { environment: STRIPE_KEY }'];

function servicesText({ published, secrets, gateways }: NewKubernetesEnvironment): string {
  const names = [...new Set([...(published ? [published.service] : []), ...secrets.keys()])];
  const [first] = names;
  if (first === undefined) {
    return [
      '# Overrides for single services:',
      '# services:',
      `#   ${gateways[0] ?? 'gateway'}:`,
      ...['host: shop.example.com', ...OF_A_SERVICE, ...EXAMPLE_SECRETS].map(
        (line) => `#     ${line}`,
      ),
      '',
    ].join('\n');
  }
  const lines = names.flatMap((name) => {
    const own = Object.entries(secrets.get(name) ?? {});
    return [
      `  ${name}:`,
      ...(published?.service === name ? [`    ${setting('host', published.host).trimEnd()}`] : []),
      ...(own.length > 0 ? ['    secrets:'] : []),
      ...own.map(([key, variable]) => `      ${key}: { environment: ${variable} }`),
      ...(name === first
        ? [...OF_A_SERVICE, ...(own.length > 0 ? [] : EXAMPLE_SECRETS)].map(
            (line) => `    # ${line}`,
          )
        : []),
    ];
  });
  return [
    '# Overrides for single services, with all that can be set for the first:',
    'services:',
    ...lines,
    '',
  ].join('\n');
}

function setting(key: string, value: string): string {
  return stringify({ [key]: value });
}

/** As people write it: a map on one line. */
function flow(key: string, value: object): string {
  const document = new Document({ [key]: value });
  const map = document.get(key, true);
  if (isMap(map)) map.flow = true;
  return document.toString();
}
