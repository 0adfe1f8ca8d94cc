import { logger, readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { eventGenerator } from '../event/generator';
import { serviceGenerator } from '../service/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { workerGenerator, type WorkerSchema } from './generator';

describe('worker', () => {
  let tree: Tree;

  beforeEach(async () => {
    vi.spyOn(logger, 'info').mockReturnValue();
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    await serviceGenerator(tree, { name: 'orders', broker: 'rabbitmq' });
    await eventGenerator(tree, { name: 'order.placed', publisher: 'orders', fields: 'total:int' });
  });

  afterEach(() => vi.restoreAllMocks());

  const text = (path: string) => tree.read(path, 'utf8') ?? '';
  const make = (schema: WorkerSchema) => workerGenerator(tree, { ...schema, skipFormat: true });

  it('makes a service without routes that has the broker', async () => {
    await make({ name: 'mailer' });
    expect(text('apps/mailer/service.yml')).toContain(
      'kind: worker\nport: 3002\nbroker: rabbitmq\n',
    );
    expect(text('apps/mailer/src/app.ts'))
      .toBe(`import { createService, type Service } from '@org/chassis';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { subscriptions } from './subscriptions.js';

/** The service without its port: main.ts starts it, tests use \`app.inject\`. */
export function createApp(
  config: Config,
  resources = connectResources(config),
): Service {
  resources.broker.subscribe(subscriptions(resources));
  return createService({
    name: 'mailer',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
  });
}
`);
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/mailer/package.json');
    expect(dependencies).toHaveProperty('rabbitmq-client');
    expect(dependencies).not.toHaveProperty('@acme/contracts');
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('has the broker that the platform has', async () => {
    const manifest = 'apps/orders/service.yml';
    tree.write(manifest, text(manifest).replace('broker: rabbitmq', 'broker: nats'));
    await make({ name: 'mailer', subscribes: 'order.placed' });
    expect(text('apps/mailer/service.yml')).toContain('broker: nats\nsubscribes: [order.placed]\n');
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/mailer/package.json');
    expect(dependencies).toHaveProperty('@nats-io/jetstream');
    expect(dependencies).toHaveProperty('@nats-io/transport-node');
    expect(dependencies).not.toHaveProperty('rabbitmq-client');
  });

  it('has ioredis if the broker is Redis', async () => {
    const manifest = 'apps/orders/service.yml';
    tree.write(manifest, text(manifest).replace('broker: rabbitmq', 'broker: redis'));
    await make({ name: 'mailer', subscribes: 'order.placed' });
    expect(text('apps/mailer/service.yml')).toContain(
      'broker: redis\nsubscribes: [order.placed]\n',
    );
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/mailer/package.json');
    expect(dependencies).toHaveProperty('ioredis');
    expect(dependencies).not.toHaveProperty('rabbitmq-client');
  });

  it('has the client of Kafka if the broker is Kafka', async () => {
    const manifest = 'apps/orders/service.yml';
    tree.write(manifest, text(manifest).replace('broker: rabbitmq', 'broker: kafka'));
    await make({ name: 'mailer', subscribes: 'order.placed' });
    expect(text('apps/mailer/service.yml')).toContain(
      'broker: kafka\nsubscribes: [order.placed]\n',
    );
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/mailer/package.json');
    expect(dependencies).toHaveProperty('@platformatic/kafka');
    expect(dependencies).not.toHaveProperty('rabbitmq-client');
  });

  it('handles the given events, each with a test', async () => {
    await make({ name: 'apps/shop/mailer', subscribes: ['order.placed'] });
    expect(text('apps/shop/mailer/service.yml')).toContain('subscribes: [order.placed]\n');
    expect(text('apps/shop/mailer/src/subscriptions.ts')).toContain('onOrderPlaced');
    expect(text('apps/shop/mailer/src/events/on-order-placed.spec.ts')).toContain('total: 1,');
    expect(readJson<object>(tree, 'apps/shop/mailer/tsconfig.json')).toMatchObject({
      references: [{ path: '../../../packages/contracts' }],
    });
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    const mailer = { name: 'mailer', subscribes: 'order.placed', datastores: 'postgres' };
    await make(mailer);
    for (const file of ['service.yml', 'src/app.ts', 'src/events/on-order-placed.ts']) {
      tree.write(`apps/mailer/${file}`, `${text(`apps/mailer/${file}`)}\n`);
    }
    const before = treeFiles(tree);
    await make(mailer);
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each<[WorkerSchema, string]>([
    [{ name: 'mailer', subscribes: 'order.place' }, 'did you mean "order.placed"?'],
    [{ name: 'orders', directory: 'apps/mailer' }, 'already a project "orders"'],
  ])('refuses %o, and writes nothing', async (schema, message) => {
    const before = treeFiles(tree);
    await expect(make(schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
