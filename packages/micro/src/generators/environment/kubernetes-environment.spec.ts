import { logger, type Tree } from '@nx/devkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { parseAnyEnvironment } from '../../platform/environment';
import { addService, createServiceTree } from '../../testing/service-tree';
import { treeFiles } from '../../testing/tree-files';
import { newEnvironments } from '../init/root-files';
import { initGenerator } from '../init/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { environmentGenerator, type EnvironmentSchema } from './generator';

describe('environment --engine=kubernetes', () => {
  let tree: Tree;
  let told: string[];

  beforeEach(() => {
    told = [];
    vi.spyOn(logger, 'info').mockImplementation((line) => void told.push(String(line)));
    vi.spyOn(logger, 'warn').mockReturnValue();
    tree = createServiceTree({
      gateway: 'kind: gateway\nport: 3001\n',
      orders: 'port: 3002\n',
    });
  });

  afterEach(() => vi.restoreAllMocks());

  const make = (schema: Partial<EnvironmentSchema> = {}) =>
    environmentGenerator(tree, {
      ...{ name: 'production', engine: 'kubernetes', skipFormat: true },
      ...schema,
    });
  const text = (name = 'production') => tree.read(`environments/${name}.yml`, 'utf8') ?? '';
  const cluster = {
    engine: 'kubernetes',
    context: 'production',
    registry: 'registry.example.com/acme',
    broker: 'in-cluster',
  };

  it.each<[Partial<EnvironmentSchema>, object]>([
    [{}, cluster],
    [{ registry: '', publish: '', gateway: '', ingressClass: '' }, cluster],
    [
      { context: 'eu', namespace: 'shop', registry: 'registry.example.com/shop' },
      { ...cluster, context: 'eu', namespace: 'shop', registry: 'registry.example.com/shop' },
    ],
    [
      { publish: 'shop.example.com' },
      { ...cluster, ingress: {}, services: { gateway: { host: 'shop.example.com' } } },
    ],
    [
      { publish: 'shop.example.com', ingressClass: 'nginx' },
      {
        ...cluster,
        ingress: { class: 'nginx' },
        services: { gateway: { host: 'shop.example.com' } },
      },
    ],
    [
      { publish: 'shop.example.com', gateway: 'infra/public' },
      {
        ...cluster,
        gateway: { name: 'public', namespace: 'infra' },
        services: { gateway: { host: 'shop.example.com' } },
      },
    ],
    [{ gateway: 'public' }, { ...cluster, gateway: { name: 'public' } }],
  ])('%j', async (schema, expected) => {
    await make(schema);
    expect(parse(text())).toEqual(expected);
  });

  it('writes comments with the possible settings into the file', async () => {
    await make({ publish: 'shop.example.com' });
    expect(text())
      .toBe(`# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# The cluster to deploy to, as "kubectl config get-contexts" names it. The current context is never used.
engine: kubernetes
context: production

# The namespace has to exist.
# namespace: acme-production

# Images are pushed to it, and the nodes pull them from it. If the nodes have to log in, name the Secret of the
# namespace with the credentials: \`pullSecret: registry\`.
registry: registry.example.com/acme

# Hosts are published by Ingress. For the Gateway API, write \`gateway: { name: public, namespace: infra }\` instead.
ingress: {}

# Databases, caches and the broker run in the cluster, each with a volume. If they run elsewhere, give their URLs as
# secrets: \`datastores: external\`, \`broker: external\`.
broker: in-cluster
# storage: { size: 8Gi }

# Prometheus, Grafana and Jaeger can run in the cluster, too, after "nx g @org/micro:observability":
# observability: in-cluster

# Overrides for single services, with all that can be set for the first:
services:
  gateway:
    host: shop.example.com
    # replicas: 2
    # autoscale: { min: 2, max: 6, cpu: 70 } # instead of replicas
    # resources: { cpus: 0.5, memory: 256M }
    # environment: { LOG_LEVEL: debug }
    # secrets:
    #   STRIPE_KEY: { environment: STRIPE_KEY }

# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`);
    expect(told).toEqual([
      'Check in environments/production.yml: context: production, registry: registry.example.com/acme',
      'Create its namespace with "kubectl --context production create namespace acme-production"',
      'Deploy to it with "nx run-many -t kubernetes-deploy -c production"',
    ]);
  });

  it.each<[string, Partial<EnvironmentSchema>]>([
    ['replicas', { publish: 'shop.example.com' }],
    ['autoscale', { publish: 'shop.example.com' }],
    ['resources', {}],
    ['environment', {}],
  ])('has a comment for %s that is valid once it is uncommented', async (key, schema) => {
    await make({ ...schema, publish: 'shop.example.com' });
    const uncommented = text().replace(new RegExp(`# (${key}: )`), '$1');
    expect(uncommented).not.toBe(text());
    const { services } = parseAnyEnvironment('production', uncommented) as {
      services: Record<string, object>;
    };
    expect(services['gateway']).toHaveProperty(key);
  });

  it('runs observability in the cluster if the workspace has it', async () => {
    tree.write('observability/compose.yaml', 'services: {}\n');
    await make();
    expect(parse(text())).toEqual({ ...cluster, observability: 'in-cluster' });
  });

  it('asks for no address of a broker that the cluster runs', async () => {
    addService(tree, 'order-items', 'kind: worker\nport: 3003\nbroker: rabbitmq\n');
    await make();
    expect(parse(text())).toEqual(cluster);
  });

  it('asks for the address of a broker that the cluster cannot run', async () => {
    addService(tree, 'order-items', 'kind: worker\nport: 3003\nbroker: sqs\n');
    await make();
    const { broker: _broker, ...rest } = cluster;
    expect(parse(text())).toEqual({
      ...rest,
      services: {
        'order-items': {
          secrets: { BROKER_URL: { environment: 'ORDER_ITEMS_BROKER_URL' } },
        },
      },
    });
  });

  it('takes the registry of the other environments', async () => {
    tree.write('environments/staging.yml', 'registry: registry.example.com/shop\n');
    await make({ context: 'eu' });
    expect(parse(text())).toMatchObject({ registry: 'registry.example.com/shop' });
    expect(told.some((line) => line.startsWith('Check in'))).toBe(false);
  });

  it('replaces what init wrote, if nobody edited it', async () => {
    const made = newEnvironments('registry.example.com/shop');
    for (const [file, its] of Object.entries(made)) tree.write(file, its);
    // As a formatter prints it.
    tree.write('environments/production.yml', text().replace(/'/g, '"'));
    await make();
    expect(parse(text())).toMatchObject({
      engine: 'kubernetes',
      registry: 'registry.example.com/shop',
    });
  });

  it('keeps what a person edited, and says why it does not go on', async () => {
    tree.write(
      'environments/production.yml',
      `${newEnvironments(undefined)['environments/production.yml']}# ours\n`,
    );
    const before = treeFiles(tree);
    await expect(make()).rejects.toThrow(
      'environments/production.yml already exists, is for "engine: compose" and has your edits: choose another name, or delete it and run this again',
    );
    expect(treeFiles(tree)).toEqual(before);
  });

  it('changes nothing when it is run again', async () => {
    await make();
    tree.write('environments/production.yml', `${text()}# ours\n`);
    const before = treeFiles(tree);
    await make({ registry: 'registry.example.com/other' });
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each<[string, Partial<EnvironmentSchema>, string]>([
    ['a host', { host: 'ssh://b' }, '--host is not for --engine=kubernetes: name the cluster by'],
    ['images', { images: 'local' }, '--images is not for --engine=kubernetes'],
    ['a certificate', { tls: 'auto' }, '--tls is not for --engine=kubernetes'],
    ['a port', { publish: 8080 }, '--publish=8080 is a port: on a cluster, give a host name'],
    ['two ways', { gateway: 'a', ingressClass: 'b' }, 'give one of them'],
    ['an invalid Gateway', { gateway: 'a/b/C' }, 'a Gateway has lower-case letters'],
    ['an invalid namespace', { namespace: 'Shop' }, 'a namespace has lower-case letters'],
    ['an invalid host name', { publish: 'https://shop' }, 'a host is a name in lower case'],
    ['a namespace of Compose', { engine: 'compose', namespace: 'a' }, 'is not for --engine=comp'],
    ['a Gateway of Compose', { engine: 'compose', gateway: 'a' }, 'is not for --engine=compose'],
  ])('refuses %s and writes nothing', async (_, schema, message) => {
    await expect(make(schema)).rejects.toThrow(message);
    expect(text()).toBe('');
  });

  it('names all options at once that the engine does not have', async () => {
    await expect(make({ host: 'ssh://b', tls: 'auto', publish: 80 })).rejects.toThrow(
      /--host[^]*--tls[^]*--publish/,
    );
  });

  it('is accepted by sync and by init, which is run again', async () => {
    await make();
    const before = text();
    await initGenerator(tree, {
      registry: 'registry.example.com/x',
      skipFormat: true,
      skipInstall: true,
    });
    syncWorkspace(tree);
    expect(text()).toBe(before);
    tree.write('environments/production.yml', `${before}services: { nobody: {} }\n`);
    expect(() => syncWorkspace(tree)).toThrow(/environments\/production\.yml.*nobody/);
  });
});
