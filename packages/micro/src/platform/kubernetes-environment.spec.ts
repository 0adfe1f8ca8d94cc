import { expect, it, test } from 'vitest';
import { parseAnyEnvironment, parseEnvironment } from './environment';
import { namespaceOf, type KubernetesEnvironment } from './kubernetes-environment';
import { formatProblem, PlatformError } from './problem';

const HEAD = 'engine: kubernetes\ncontext: far\nregistry: reg.example.com/team\n';

function parse(text: string): KubernetesEnvironment {
  const environment = parseAnyEnvironment('production', text, ['gateway', 'orders']);
  if (environment.engine !== 'kubernetes') throw new Error('it is for Compose');
  return environment;
}

function problemsOf(text: string, read: (text: string) => unknown = parse): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return error.problems.map(formatProblem);
  }
}

it('has defaults for everything except the cluster and the registry', () => {
  expect(parse(HEAD)).toEqual({
    name: 'production',
    file: 'environments/production.yml',
    engine: 'kubernetes',
    context: 'far',
    registry: 'reg.example.com/team',
    datastores: 'in-cluster',
    broker: 'external',
    storage: { size: '8Gi' },
    observability: 'none',
    healthTimeout: 120,
    jobTimeout: 600,
    lockTimeout: 120,
    releases: 10,
    olderCommits: 'refuse',
    services: {},
    links: {},
  });
});

it('has its own namespace unless one is set', () => {
  expect(namespaceOf('acme', parse(HEAD))).toBe('acme-production');
  expect(namespaceOf('acme', parse(`${HEAD}namespace: shop\n`))).toBe('shop');
});

test.each<[string, string[]]>([
  [
    'engine: kubernetes\n',
    [
      ':1: "context" is missing: The kubectl context of the cluster. The current context is never used',
      ':1: "registry" is missing: Registry that images are pushed to and that the cluster pulls from',
    ],
  ],
  [
    `${HEAD}host: ssh://deploy@example.com\nedge: false\n`,
    [
      ':4: "host" is a key of "engine: compose": name the cluster by "context"',
      ':5: "edge" is a key of "engine: compose": use "ingress" or "gateway"',
    ],
  ],
  [
    `${HEAD}services:\n  gateway:\n    publish: 8080\n`,
    [
      ':6: "services.gateway.publish" is a key of "engine: compose": use "host", with "ingress" or "gateway"',
    ],
  ],
  [`${HEAD}namespaces: shop\n`, [':4: unknown key "namespaces"; did you mean "namespace"?']],
  [
    `${HEAD}namespace: Shop_1\n`,
    [':4: namespace: a namespace has lower-case letters, digits and "-", 63 characters at most'],
  ],
  [
    `${HEAD}broker: in-cluster\nservices:\n  orders:\n    secrets:\n      BROKER_URL: { environment: A }\n  gateway:\n    environment:\n      BROKER_URL: b\n`,
    [
      ':8: services.orders.secrets.BROKER_URL: the broker runs in the cluster, where the service finds it by itself: remove it, or write "broker: external"',
      ':11: services.gateway.environment.BROKER_URL: the broker runs in the cluster, where the service finds it by itself: remove it, or write "broker: external"',
    ],
  ],
  [`${HEAD}broker: cluster\n`, [':4: broker: "cluster" is not one of in-cluster, external']],
  [
    `${HEAD}services: { gateway: { host: shop.example.com } }\n`,
    [
      ':4: services.gateway.host: nothing publishes it: add "ingress: {}", or "gateway: { name: … }"',
    ],
  ],
  [
    `${HEAD}ingress: {}\ngateway: { name: public }\n`,
    [':5: gateway: hosts are published by "ingress" or by "gateway": remove one of them'],
  ],
  [
    `${HEAD}mesh: istio\ningress: {}\n`,
    [':5: ingress: Istio publishes hosts by a Gateway of its own: write "gateway" instead'],
  ],
  [
    `${HEAD}mesh: istio\ngateway: { name: public, listener: https }\n`,
    [':5: gateway.listener: a Gateway of Istio has no listeners: remove it'],
  ],
  [`${HEAD}mesh: linkerd\n`, [':4: mesh: mesh is istio']],
  [
    `${HEAD}canary: { analysis: { prometheus: "http://ada:secret@prometheus" } }\n`,
    [
      ':4: canary.analysis.prometheus: Prometheus must not contain a user or a password: give the consumer a secret',
    ],
  ],
  [
    `${HEAD}services: { orders: { replicas: 2, autoscale: { min: 3, max: 2 } } }\n`,
    [
      ':4: services.orders.autoscale.max: "max" is 2, which is less than "min" (3)',
      ':4: services.orders.autoscale.max: say what decides: give "cpu" or "memory", in percent of what is requested',
      ':4: services.orders.replicas: the autoscaler decides how many pods there are: remove it, or "autoscale"',
    ],
  ],
  [
    `${HEAD}storage: { size: 8G }\nservices: { ordes: {} }\n`,
    [
      ':4: storage.size: a size is for example 8Gi',
      ':5: "ordes" is not a service of this platform; did you mean "orders"?',
    ],
  ],
  [
    `${HEAD}services: { orders: { environment: { A: b }, secrets: { A: { file: a } } } }\n`,
    [':4: services.orders.secrets.A: A is also set under "environment": remove it there'],
  ],
])('refuses %j', (text, expected) => {
  expect(problemsOf(text)).toEqual(expected.map((line) => `environments/production.yml${line}`));
});

it('is refused by commands that need Compose, with a message that says so', () => {
  expect(problemsOf(HEAD, (text) => parseEnvironment('production', text))).toEqual([
    'environments/production.yml: "production" runs on a Kubernetes cluster, which this command does not know yet: use "nx kubernetes-deploy", or "micro render -e production"',
  ]);
});
