import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, it } from 'vitest';
import type { ComposeConfig } from '../deployment/entry';
import { checkKubernetesEnvironment } from '../platform/kubernetes-environment';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { folderOf } from './folder';
import type { KubernetesObject } from './object';
import { renderPlatform } from './render';

const MODELS = {
  ...{ Deployment, StatefulSet, Job, HorizontalPodAutoscaler, Ingress, NetworkPolicy },
  ...{ PodDisruptionBudget, Service, ServiceAccount },
};

const PLATFORM = platformOf({
  gateway: 'kind: gateway\nport: 3001\nconsumes: [orders]\n',
  orders:
    'port: 3002\nconsumes: [users]\ndatastores: { database: postgres }\nexpose: public\nroutes: [/orders]\n',
  reports: 'port: 3004\nkind: worker\n',
  users: 'port: 3003\nreplicas: 2\n',
});

const OWN = { build: { context: '.', dockerfile: 'apps/orders/Dockerfile' }, tmpfs: ['/tmp'] };

const WRITTEN = {
  services: {
    gateway: { stop_grace_period: '40s', environment: { PORT: '3001' } },
    orders: {
      ...OWN,
      read_only: true,
      stop_grace_period: '40s',
      environment: { PORT: '3002', DATABASE_URL: 'postgres://${P:?}@orders-database/orders' },
      depends_on: {
        'orders-database': { condition: 'service_healthy' },
        'orders-database-accounts': { condition: 'service_completed_successfully' },
        'orders-migrate': { condition: 'service_completed_successfully' },
      },
    },
    reports: { environment: { KEYS: 'http://users:3003/keys' } },
    users: { environment: { KEYS: 'http://users:3003/keys' } },
    'orders-database': {
      image: 'postgres:17-bookworm',
      environment: { POSTGRES_USER: 'orders', POSTGRES_PASSWORD: '${P:?}' },
      healthcheck: { test: ['CMD-SHELL', 'pg_isready'], interval: '5s', start_period: '30s' },
      volumes: [{ type: 'volume', source: 'orders-data', target: '/var/lib/postgresql/data' }],
    },
    'orders-database-accounts': {
      image: 'postgres:17-bookworm',
      command: ['sh', '-c', 'psql'],
      environment: { PGPASSWORD: '${P:?}' },
    },
    'orders-migrate': {
      ...OWN,
      command: ['node', 'main.js', 'migrate'],
      environment: { DATABASE_URL: 'postgres://${O:?}@orders-database/orders' },
    },
  },
};

function rendered(more = '', written: ComposeConfig = WRITTEN) {
  const { source } = parseYaml(
    'environments/production.yml',
    `engine: kubernetes\ncontext: far\nregistry: reg.example.com\n${more}`,
  );
  const names = PLATFORM.services.map(({ name }) => name);
  const image = (name: string) => `reg.example.com/acme/${name}@sha256:${'a'.repeat(64)}`;
  return renderPlatform({
    platform: PLATFORM,
    environment: checkKubernetesEnvironment('production', source!, names),
    written,
    images: new Map(
      Object.keys(written.services)
        .filter((name) => names.includes(name))
        .map((name) => [name, { key: `key-${name}`, image: image(name) }]),
    ),
    ports: new Map([['orders-database', 5432]]),
  });
}

function objectsOf({ shared, entries }: ReturnType<typeof rendered>): KubernetesObject[] {
  return [...shared, ...entries.flatMap(({ objects }) => objects)];
}

function find(kind: string, name: string, more?: string) {
  return objectsOf(rendered(more)).find(
    ({ kind: one, metadata }) =>
      one === kind &&
      (name.endsWith('-') ? metadata!.name!.startsWith(name) : metadata!.name === name),
  ) as { spec: Record<string, unknown>; metadata: Record<string, unknown> } | undefined;
}

const PUBLISHED = `ingress: { class: nginx }
services:
  gateway: { host: shop.example.com, tlsSecret: shop }
  orders: { autoscale: { min: 2, max: 4, cpu: 70 }, resources: { cpus: 0.5, memory: 256M } }
`;

describe('renderPlatform', () => {
  it('makes objects that Kubernetes takes, all in the namespace of the environment', () => {
    const objects = objectsOf(rendered(PUBLISHED));
    expect(objects.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(Object.keys(MODELS)) as string[],
    );
    for (const object of objects) {
      const Model = MODELS[object.kind as keyof typeof MODELS];
      new Model(object as never).validate();
      expect(object.metadata?.namespace).toBe('acme-production');
    }
  });

  it('starts datastores first, then what a service waits for, then the service', () => {
    expect(rendered().entries.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'datastore orders-database',
      'service gateway',
      'job orders-database-accounts',
      'job orders-migrate',
      'service orders',
      'service reports',
      'service users',
    ]);
  });

  it('has pods that the restricted level of Pod Security takes', () => {
    const pods = objectsOf(rendered(PUBLISHED)).flatMap((object) =>
      object.kind === 'Deployment' || object.kind === 'StatefulSet' || object.kind === 'Job'
        ? [object.spec!.template.spec!]
        : [],
    );
    expect(pods).toHaveLength(7);
    for (const { securityContext, containers, automountServiceAccountToken } of pods) {
      expect(automountServiceAccountToken).toBe(false);
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(securityContext!.runAsUser).toBeGreaterThan(0);
      for (const container of containers) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('keeps the data of PostgreSQL in a folder of its own, unless a person says where', () => {
    const variablesOf = (environment: object) => {
      const entry = { ...WRITTEN.services['orders-database'], environment };
      const written = { services: { ...WRITTEN.services, 'orders-database': entry } };
      const text = JSON.stringify(rendered('', written));
      return [...text.matchAll(/"name":"PGDATA","value":"([^"]+)"/g)].map(([, value]) => value);
    };
    expect(variablesOf({})).toEqual(['/var/lib/postgresql/data/pgdata']);
    expect(variablesOf({ PGDATA: '/var/lib/postgresql/data/mine' })).toEqual([
      '/var/lib/postgresql/data/mine',
    ]);
  });

  it('leaves the number of pods to the autoscaler', () => {
    expect(find('Deployment', 'orders')!.spec).toMatchObject({ replicas: 1 });
    expect(find('Deployment', 'orders', PUBLISHED)!.spec).not.toHaveProperty('replicas');
  });

  it('waits as long as a service takes to stop, and longer by what others take to know of it', () => {
    const { template } = find('Deployment', 'orders')!.spec as {
      template: { spec: Record<string, unknown> };
    };
    expect(template.spec).toMatchObject({
      terminationGracePeriodSeconds: 42,
      containers: [{ lifecycle: { preStop: { sleep: { seconds: 2 } } } }],
    });
  });

  it('migrates with the image of the service', () => {
    const { template } = find('Job', 'orders-migrate-')!.spec as {
      template: { spec: { containers: { image: string }[] } };
    };
    expect(template.spec.containers[0]!.image).toContain('acme/orders@sha256:');
  });

  it('names a job by its content, so that only another one runs again', () => {
    const nameOf = (more?: string) => find('Job', 'orders-migrate-', more)!.metadata['name'];
    expect(nameOf()).toBe(nameOf('services: { users: { replicas: 5 } }'));
    expect(nameOf()).not.toBe(nameOf('services: { orders: { environment: { A: b } } }'));
  });

  it.each([
    ['orders', [['gateway'], [3002]]],
    ['users', [['orders', 'reports'], [3003]]],
    ['orders-database', [['orders', 'orders-database-accounts', 'orders-migrate'], [5432]]],
  ])('lets %s be reached by those that call it and by nobody else', (name, [callers, ports]) => {
    expect(find('NetworkPolicy', name)!.spec).toEqual({
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'acme' },
      },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: callers!.map((caller) => ({
            podSelector: {
              matchLabels: {
                'app.kubernetes.io/name': caller,
                'app.kubernetes.io/part-of': 'acme',
              },
            },
          })),
          ports: ports!.map((port) => ({ port })),
        },
      ],
    });
  });

  it('lets nothing else reach a pod, and only what is published be reached from outside', () => {
    expect(find('NetworkPolicy', 'acme-nothing-else')!.spec).toMatchObject({ ingress: [] });
    expect(find('NetworkPolicy', 'gateway')!.spec).toMatchObject({ ingress: [] });
    expect(find('NetworkPolicy', 'gateway', PUBLISHED)!.spec).toMatchObject({
      ingress: [{ ports: [{ port: 3001 }] }],
    });
  });

  it('publishes by Ingress or by a route, and tells the service where it is reached', () => {
    expect(find('Ingress', 'gateway', PUBLISHED)!.spec).toEqual({
      ingressClassName: 'nginx',
      tls: [{ hosts: ['shop.example.com'], secretName: 'shop' }],
      rules: [
        {
          host: 'shop.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'gateway', port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    });
    const byGateway = PUBLISHED.replace(', tlsSecret: shop', '').replace(
      'ingress: { class: nginx }',
      'gateway: { name: public, namespace: infra, listener: web }',
    );
    expect(find('HTTPRoute', 'gateway', byGateway)!.spec).toEqual({
      parentRefs: [{ name: 'public', namespace: 'infra', sectionName: 'web' }],
      hostnames: ['shop.example.com'],
      rules: [{ backendRefs: [{ name: 'gateway', port: 3001 }] }],
    });
    expect(JSON.stringify(find('Deployment', 'gateway', PUBLISHED))).toContain(
      '{"name":"PUBLIC_URL","value":"https://shop.example.com"}',
    );
  });

  it('leaves datastores and their accounts to others, and still migrates', () => {
    const names = rendered('datastores: external').entries.map(({ name }) => name);
    expect(names).toEqual(['gateway', 'orders-migrate', 'orders', 'reports', 'users']);
  });

  it('leaves out what runs elsewhere, and tells its consumers where', () => {
    const { entries } = rendered('links: { users: "https://users.example.com" }');
    expect(entries.map(({ name }) => name)).not.toContain('users');
    const orders = entries.find(({ name }) => name === 'orders');
    expect(JSON.stringify(orders)).toContain(
      '{"name":"MICROSERVICE_USERS_URL","value":"https://users.example.com"}',
    );
  });

  it('says what each Secret has to hold', () => {
    const more = 'services: { orders: { secrets: { STRIPE_KEY: { environment: KEY } } } }';
    const secrets = rendered(more).entries.map(({ name, secret }) => [name, secret] as const);
    expect(Object.fromEntries(secrets)).toMatchObject({
      orders: { variables: ['DATABASE_URL'], files: ['STRIPE_KEY'] },
      'orders-migrate': { variables: ['DATABASE_URL'], files: ['STRIPE_KEY'] },
      'orders-database': { variables: ['POSTGRES_PASSWORD'], files: [] },
      gateway: { variables: [], files: [] },
    });
  });
});

it('with Istio, has a route of each service that others call, and of its hosts', () => {
  const more =
    'mesh: istio\ngateway: { name: public, namespace: infra }\nservices: { gateway: { host: shop.example.com } }\n';
  const objects = objectsOf(rendered(more));
  const kinds = objects.map(({ kind }) => kind);
  expect(kinds).not.toContain('HTTPRoute');
  const routes = objects.filter(({ kind }) => kind === 'VirtualService');
  expect(routes.map(({ metadata }) => metadata?.name)).toEqual(['gateway', 'orders', 'users']);
  expect(routes[0]).toMatchObject({
    apiVersion: 'networking.istio.io/v1',
    spec: {
      hosts: ['gateway', 'shop.example.com'],
      gateways: ['mesh', 'infra/public'],
      http: [{ route: [{ destination: { host: 'gateway', port: { number: 3001 } } }] }],
    },
  });
  expect(routes[1]).toMatchObject({ spec: { hosts: ['orders'], gateways: ['mesh'] } });
});

describe('folderOf', () => {
  it('lists every file, and is the same each time', () => {
    const files = folderOf(rendered(PUBLISHED));
    expect(folderOf(rendered(PUBLISHED))).toEqual(files);
    const [kustomization, ...others] = files;
    for (const { path } of others) expect(kustomization!.text).toContain(`  - ${path}\n`);
  });

  it('is the same in whatever order files and images were found, with own images by digest', () => {
    const { services } = WRITTEN;
    const turned = { services: Object.fromEntries(Object.entries(services).reverse()) };
    const files = folderOf(rendered(PUBLISHED));
    expect(folderOf(rendered(PUBLISHED, turned))).toEqual(files);
    const images = files.flatMap(({ text }) =>
      [...text.matchAll(/image: (\S+)/g)].map(([, one]) => one!),
    );
    const own = images.filter((image) => image.startsWith('reg.example.com/'));
    expect(own).toHaveLength(5);
    for (const image of own) expect(image).toMatch(/@sha256:a{64}$/);
    // What people pinned or not in their compose files.
    expect(new Set(images.filter((image) => !own.includes(image)))).toEqual(
      new Set(['postgres:17-bookworm']),
    );
  });

  it('quotes what YAML 1.1 reads as another type', () => {
    const off = 'services: { users: { environment: { METRICS: "off", SINCE: "2026-11-27" } } }';
    const { text } = folderOf(rendered(off)).find(({ path }) => path === 'users.yaml')!;
    expect(text).toContain('value: "off"');
    expect(text).toContain('value: "2026-11-27"');
  });
});

it('reaches gRPC by a name that is that of every ready pod', () => {
  const platform = platformOf({
    orders: 'port: 3001\nconsumes: [stock]\n',
    stock: 'port: 3002\ngrpcPort: 3003\n',
  });
  const { source } = parseYaml(
    'environments/production.yml',
    'engine: kubernetes\nregistry: r.example.com\ncontext: shop\n',
  );
  const environment = checkKubernetesEnvironment('production', source!);
  const written = {
    services: {
      orders: { environment: { MICROSERVICE_STOCK_GRPC_URL: 'http://stock:3003' } },
      stock: { environment: { PORT: '3002', GRPC_PORT: '3003' } },
    },
  };
  const images = new Map(
    ['orders', 'stock'].map((name) => [
      name,
      { key: 'k', image: `r.example.com/${name}@sha256:1` },
    ]),
  );
  const { entries } = renderPlatform({ platform, environment, written, images, ports: new Map() });
  const objects = entries.flatMap((entry) => entry.objects as KubernetesObject[]);
  const find = (kind: string, name: string) =>
    objects.find((one) => one.kind === kind && one.metadata?.name === name);
  expect(find('Service', 'stock-grpc')).toMatchObject({
    metadata: { labels: { 'app.kubernetes.io/name': 'stock' } },
    spec: {
      clusterIP: 'None',
      ports: [{ name: 'grpc', port: 3003, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' }],
    },
  });
  expect(find('Deployment', 'stock')).toMatchObject({
    spec: {
      template: {
        spec: {
          containers: [
            {
              ports: [
                { name: 'http', containerPort: 3002 },
                { name: 'grpc', containerPort: 3003 },
              ],
            },
          ],
        },
      },
    },
  });
  expect(find('Deployment', 'orders')).toMatchObject({
    spec: {
      template: {
        spec: {
          containers: [
            { env: [{ name: 'MICROSERVICE_STOCK_GRPC_URL', value: 'http://stock-grpc:3003' }] },
          ],
        },
      },
    },
  });
  expect(find('NetworkPolicy', 'stock')).toMatchObject({
    spec: { ingress: [{ ports: [{ port: 3002 }, { port: 3003 }] }] },
  });
});

it('lets a gateway of GraphQL reach its subgraphs, and nobody else', () => {
  const platform = platformOf({
    catalog: 'port: 3001\ngraphql: true\n',
    gateway: 'kind: gateway\nport: 3003\ngraphql: true\nconsumes: [catalog, reviews]\n',
    other: 'port: 3004\n',
    reviews: 'port: 3002\ngraphql: true\n',
  });
  const { source } = parseYaml(
    'environments/production.yml',
    [
      'engine: kubernetes',
      'registry: r.example.com',
      'context: shop',
      'services: { gateway: { environment: { GRAPHQL_PERSISTED_ONLY: "on" } } }',
      '',
    ].join('\n'),
  );
  const environment = checkKubernetesEnvironment('production', source!);
  const urls = {
    MICROSERVICE_CATALOG_URL: 'http://catalog:3001',
    MICROSERVICE_REVIEWS_URL: 'http://reviews:3002',
  };
  const written = {
    services: {
      catalog: { environment: { PORT: '3001' } },
      gateway: { environment: { PORT: '3003', ...urls } },
      other: { environment: { PORT: '3004' } },
      reviews: { environment: { PORT: '3002' } },
    },
  };
  const images = new Map(
    Object.keys(written.services).map((name) => [
      name,
      { key: 'k', image: `r.example.com/${name}@sha256:1` },
    ]),
  );
  const { entries } = renderPlatform({ platform, environment, written, images, ports: new Map() });
  const objects = entries.flatMap((entry) => entry.objects as KubernetesObject[]);
  const find = (kind: string, name: string) =>
    objects.find((one) => one.kind === kind && one.metadata?.name === name);
  const { env } = (find('Deployment', 'gateway') as unknown as WithContainers).spec.template.spec
    .containers[0]!;
  expect(env).toEqual(
    expect.arrayContaining([
      { name: 'GRAPHQL_PERSISTED_ONLY', value: 'on' },
      ...Object.entries(urls).map(([name, value]) => ({ name, value })),
    ]),
  );
  for (const subgraph of ['catalog', 'reviews']) {
    const policy = JSON.stringify(find('NetworkPolicy', subgraph));
    expect(policy).toContain('"app.kubernetes.io/name":"gateway"');
    expect(policy).not.toContain('"app.kubernetes.io/name":"other"');
    expect(find('Service', subgraph)).toMatchObject({ spec: { ports: [{ name: 'http' }] } });
  }
});

interface WithContainers {
  spec: { template: { spec: { containers: { env: object[] }[] } } };
}
