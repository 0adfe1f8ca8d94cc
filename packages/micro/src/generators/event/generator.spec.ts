import { logger, readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from '../service/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { eventGenerator } from './generator';
import type { EventSchema } from './options';

const ORDER_PLACED: EventSchema = {
  name: 'order.placed',
  publisher: 'orders',
  subscribers: 'payments, mailer',
  fields: ['orderId:uuid', 'total:int', 'note?:string'],
};

interface PackageJson {
  name: string;
  dependencies: Record<string, string>;
}

async function workspace(): Promise<Tree> {
  const tree = createTreeWithEmptyWorkspace();
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'orders', datastores: 'postgres', broker: 'rabbitmq' });
  await serviceGenerator(tree, { name: 'payments', datastores: 'postgres' });
  await serviceGenerator(tree, { name: 'mailer', framework: 'express' });
  return tree;
}

describe('event', () => {
  let tree: Tree;

  beforeEach(async () => {
    vi.spyOn(logger, 'info').mockReturnValue();
    vi.spyOn(logger, 'warn').mockReturnValue();
    tree = await workspace();
  });

  afterEach(() => vi.restoreAllMocks());

  const text = (path: string) => tree.read(path, 'utf8') ?? '';
  const add = (schema: EventSchema) => eventGenerator(tree, { ...schema, skipFormat: true });

  it('gives services the broker that the platform has', async () => {
    const manifest = 'apps/orders/service.yml';
    tree.write(manifest, text(manifest).replace('broker: rabbitmq', 'broker: nats'));
    await add({ ...ORDER_PLACED, subscribers: 'mailer' });
    expect(text('apps/mailer/service.yml')).toContain('broker: nats\nsubscribes: [order.placed]\n');
    const { dependencies } = readJson<PackageJson>(tree, 'apps/mailer/package.json');
    expect(dependencies).toHaveProperty('@nats-io/transport-node');
    expect(dependencies).not.toHaveProperty('rabbitmq-client');
  });

  it('makes a library of contracts that services bundle from its sources', async () => {
    await add(ORDER_PLACED);
    expect(readJson<object>(tree, 'packages/contracts/package.json')).toMatchObject({
      name: '@acme/contracts',
      private: true,
      exports: { '.': './src/index.ts' },
      scripts: { lint: 'eslint .', typecheck: 'tsc --build' },
      nx: { name: 'contracts' },
    });
    expect(readJson<{ workspaces: string[] }>(tree, 'package.json').workspaces).toContain(
      'packages/*',
    );
    expect(text('packages/contracts/src/index.ts')).toBe(
      `export * from './events/order-placed.js';\n`,
    );
    expect(text('packages/contracts/src/events/order-placed.ts')).toContain(
      'orderId: z.uuid(),\n    total: z.int(),\n    note: z.string().optional(),',
    );
  });

  it('updates publisher and subscribers, and gives a broker to those without one', async () => {
    const before = text('apps/payments/service.yml');
    tree.write('apps/payments/service.yml', `# ours\n${before}replicas: 2 # two\n`);
    await add(ORDER_PLACED);
    expect(text('apps/orders/service.yml')).toContain(
      'broker: rabbitmq\npublishes: [order.placed]\n',
    );
    expect(text('apps/payments/service.yml')).toBe(
      `# ours\n${before}replicas: 2 # two\nbroker: rabbitmq\nsubscribes: [order.placed]\n`,
    );
    for (const service of ['orders', 'payments', 'mailer']) {
      expect(
        readJson<PackageJson>(tree, `apps/${service}/package.json`).dependencies,
      ).toMatchObject({ '@acme/contracts': '*', 'rabbitmq-client': '^5.0.8' });
      expect(readJson<object>(tree, `apps/${service}/tsconfig.json`)).toMatchObject({
        references: [{ path: '../../packages/contracts' }],
      });
      expect(text(`apps/${service}/Dockerfile.dockerignore`)).toContain('!packages/contracts\n');
      expect(text(`apps/${service}/src/app.ts`)).toContain(
        `import { subscriptions } from './subscriptions.js';\n`,
      );
      expect(text(`apps/${service}/src/app.ts`)).toContain(
        '  resources.broker.subscribe(subscriptions(resources));\n  return createService({',
      );
    }
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('leaves nothing for sync to do', async () => {
    await add(ORDER_PLACED);
    expect(text('apps/orders/src/resources.ts')).toContain('publishes: [orderPlaced]');
    expect(text('apps/orders/src/resources.ts')).toContain('outbox: outbox(database, broker)');
    expect(text('apps/payments/src/resources.ts')).toContain('eventTables: true');
    expect(text('apps/mailer/src/subscriptions.ts')).toContain('onOrderPlaced');
    expect(text('apps/mailer/.serve.env')).toContain(
      'BROKER_URL=amqp://mailer:${MAILER_BROKER_PASSWORD}@',
    );
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('writes a handler that uses each field, and handles an event once if there is a database', async () => {
    await add(ORDER_PLACED);
    const handler = text('apps/mailer/src/events/on-order-placed.ts');
    expect(handler).toContain('export function onOrderPlaced(): Subscription {');
    expect(handler).toContain('const { orderId, total, note } = event.data;');
    expect(text('apps/payments/src/events/on-order-placed.ts')).toContain(
      "await once(database, event, 'payments',",
    );
    expect(text('apps/mailer/src/events/on-order-placed.spec.ts')).toContain('    total: 1,\n');
    expect(tree.exists('apps/orders/src/events')).toBe(false);
    expect(logger.info).toHaveBeenCalledWith(
      'orders publishes order.placed with resources.outbox.publish(client, orderPlaced, { orderId, total, note }) in the transaction that it belongs to.',
    );
  });

  it('uses the workspace protocol with pnpm', async () => {
    updateJson(tree, 'package.json', (json: object) => ({
      ...json,
      packageManager: 'pnpm@10.4.1',
    }));
    updateJson(tree, 'package.json', ({ workspaces: _, ...json }: Record<string, unknown>) => json);
    tree.write('pnpm-workspace.yaml', 'packages:\n  - apps/*\n');
    await add(ORDER_PLACED);
    const { dependencies } = readJson<PackageJson>(tree, 'apps/mailer/package.json');
    expect(dependencies['@acme/contracts']).toBe('workspace:*');
    expect(text('pnpm-workspace.yaml')).toContain('packages/*');
  });

  it('joins the project references of a workspace that has some', async () => {
    tree.write('tsconfig.json', '{ "files": [], "references": [] }\n');
    await add(ORDER_PLACED);
    expect(readJson<object>(tree, 'tsconfig.json')).toMatchObject({
      references: [{ path: './packages/contracts' }],
    });
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await add(ORDER_PLACED);
    for (const file of [
      'packages/contracts/src/events/order-placed.ts',
      'packages/contracts/package.json',
      'apps/mailer/src/app.ts',
      'apps/mailer/src/events/on-order-placed.ts',
      'apps/mailer/src/events/on-order-placed.spec.ts',
      'apps/mailer/service.yml',
      'apps/orders/package.json',
    ]) {
      tree.write(file, `${text(file)}\n`);
    }
    const before = treeFiles(tree);
    await add(ORDER_PLACED);
    expect(treeFiles(tree)).toEqual(before);
  });

  it('adds a subscriber to an event that is there, which keeps its fields', async () => {
    await add({ ...ORDER_PLACED, subscribers: 'payments' });
    const contract = text('packages/contracts/src/events/order-placed.ts');
    await add({ name: 'order.placed', subscribers: ['mailer'], fields: 'other:int' });
    expect(text('packages/contracts/src/events/order-placed.ts')).toBe(contract);
    expect(text('apps/mailer/src/events/on-order-placed.ts')).toContain('{ orderId, total, note }');
    expect(text('apps/mailer/src/events/on-order-placed.spec.ts')).toContain(`source: 'orders'`);
    expect(logger.warn).toHaveBeenCalledWith(
      'packages/contracts/src/events/order-placed.ts was kept as it is: edit it to change its fields.',
    );
  });

  it('orders events by a field', async () => {
    const ordered = { ...ORDER_PLACED, orderBy: 'orderId' };
    await add(ordered);
    const contract = 'packages/contracts/src/events/order-placed.ts';
    expect(text(contract)).toContain("  }),\n  { orderBy: 'orderId' },\n);\n");
    expect(text('apps/mailer/src/events/on-order-placed.ts')).toContain('{ orderId, total, note }');
    const before = treeFiles(tree);
    await add(ordered);
    expect(treeFiles(tree)).toEqual(before);
    expect(logger.warn).not.toHaveBeenCalled();
    await add({ ...ORDER_PLACED, orderBy: 'total' });
    expect(treeFiles(tree)).toEqual(before);
    expect(logger.warn).toHaveBeenCalledWith(
      `${contract} was kept as it is: see docs/events.md, "Order", before you change its "orderBy".`,
    );
  });

  it('creates the queues of an ordered event at deploy, also if a person gave it the order', async () => {
    await add({ ...ORDER_PLACED, subscribers: 'mailer' });
    const compose = 'apps/orders/compose.yaml';
    expect(text(compose)).toContain('"mailer:order.placed"');
    expect(text(compose)).not.toContain('mailer:order.placed:7');
    const contract = 'packages/contracts/src/events/order-placed.ts';
    tree.write(contract, text(contract).replace('  }),\n', "  }),\n  { orderBy: 'orderId' },\n"));
    expect(syncWorkspace(tree).map(({ path, drift }) => [path, ...drift])).toEqual([
      [compose, 'orders-broker-account: the command does not match the manifest'],
    ]);
    expect(text(compose)).toContain('"mailer:order.placed:7"');
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('has no example data for a contract that a person wrote', async () => {
    await add({ ...ORDER_PLACED, subscribers: 'payments' });
    const contract = 'packages/contracts/src/events/order-placed.ts';
    tree.write(contract, text(contract).replace('z.int()', 'z.int().positive()'));
    await add({ name: 'order.placed', subscribers: 'mailer' });
    expect(text('apps/mailer/src/events/on-order-placed.ts')).toContain('data: event.data');
    expect(tree.exists('apps/mailer/src/events/on-order-placed.spec.ts')).toBe(false);
  });

  it('subscribes in an app.ts of another format', async () => {
    const app = 'apps/mailer/src/app.ts';
    const formatted = text(app)
      .replace(
        /\(\n {2}config: Config,\n {2}resources = (.*),\n\)/,
        '(config: Config, resources = $1)',
      )
      .replaceAll("'", '"')
      .replaceAll(';', '')
      .replaceAll('  ', '\t');
    expect(formatted).toContain(
      '(config: Config, resources = connectResources(config)): Service {',
    );
    tree.write(app, formatted);
    await add(ORDER_PLACED);
    expect(text(app)).toContain('import { subscriptions } from "./subscriptions.js"\n');
    expect(text(app)).toContain(
      '\n\tresources.broker.subscribe(subscriptions(resources))\n\treturn',
    );
  });

  it('says what to do with an app.ts that a person rewrote', async () => {
    tree.write('apps/mailer/src/app.ts', 'export const app = 1;\n');
    await add(ORDER_PLACED);
    expect(text('apps/mailer/src/app.ts')).toBe('export const app = 1;\n');
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining(
        'apps/mailer/src/app.ts does not give its handlers to the broker: before createService, call resources.broker.subscribe(subscriptions(resources))',
      ),
    );
  });

  it.each<[EventSchema, string]>([
    [{ ...ORDER_PLACED, name: 'OrderPlaced' }, '"OrderPlaced" cannot be an event\'s name'],
    [{ name: 'order.paid' }, 'No service publishes "order.paid": name the one that does with'],
    [{ ...ORDER_PLACED, publisher: 'order' }, '"order" is not a service of this platform; did you'],
    [{ ...ORDER_PLACED, subscribers: 'mailr' }, 'did you mean "mailer"?'],
    [{ ...ORDER_PLACED, orderBy: 'id' }, '"id" is not a field of order.placed'],
    [{ ...ORDER_PLACED, fields: [], orderBy: 'orderId' }, '"orderId" is not a field of order'],
    [{ ...ORDER_PLACED, orderBy: 'note' }, 'cannot be ordered by "note", which is optional'],
    [{ ...ORDER_PLACED, fields: 'total:money' }, '"money" is not the type of a field'],
    [
      { ...ORDER_PLACED, publisher: 'bare' },
      '"bare" is not on the chassis: apps/bare/src/config.ts',
    ],
    [
      { ...ORDER_PLACED, name: 'user-x.gone' },
      '"user-x.gone" and "user.x-gone" would have the same contract',
    ],
  ])('refuses %o, and writes nothing', async (schema, message) => {
    await add({ name: 'user.x-gone', publisher: 'payments' });
    tree.write('apps/bare/package.json', '{ "name": "bare" }');
    tree.write('apps/bare/service.yml', 'port: 3100\n');
    const before = treeFiles(tree);
    await expect(add(schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
