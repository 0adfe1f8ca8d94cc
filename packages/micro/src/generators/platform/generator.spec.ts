import { logger, readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { syncWorkspace } from '../sync/sync-workspace';
import { serviceGenerator } from '../service/generator';
import { readTreePlatform } from '../workspace-tree';
import { linkedPlatform } from '../../testing/linked-platform';
import { platformGenerator } from './generator';

const SHOP = `services:
  gateway: { kind: gateway, consumes: [users, orders] }
  users: { datastores: [postgres], auth: jwt }
  orders: { datastores: [postgres, redis], consumes: [users], directory: apps/shop/orders }
  mailer: { kind: worker, port: 3100 }
`;

describe('platform', () => {
  let tree: Tree;
  let info: MockInstance<typeof logger.info>;

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    info = vi.spyOn(logger, 'info').mockImplementation(() => undefined);
    vi.spyOn(logger, 'warn').mockImplementation(() => undefined);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const text = (path: string) => tree.read(path, 'utf8') ?? '';
  const edit = (path: string, from: string, to: string) => {
    expect(text(path)).toContain(from);
    tree.write(path, text(path).replace(from, to));
  };
  const describePlatform = (description: string) => tree.write('platform.yml', description);
  const generate = (description?: string) => {
    if (description !== undefined) describePlatform(description);
    return platformGenerator(tree, { skipFormat: true });
  };
  /** What the last run printed. */
  const said = () => String(info.mock.lastCall?.[0]);

  it('makes every service, with its links and datastores', async () => {
    await generate(SHOP);
    const { services } = readTreePlatform(tree);
    expect(
      services.map(({ name, root, kind, port, consumes, datastores }) => ({
        name,
        root,
        kind,
        port,
        consumes,
        datastores,
      })),
    ).toEqual([
      {
        name: 'gateway',
        root: 'apps/gateway',
        kind: 'gateway',
        port: 3001,
        consumes: ['users', 'orders'],
        datastores: {},
      },
      {
        name: 'mailer',
        root: 'apps/mailer',
        kind: 'worker',
        port: 3100,
        consumes: [],
        datastores: {},
      },
      {
        name: 'orders',
        root: 'apps/shop/orders',
        kind: 'service',
        port: 3003,
        consumes: ['users'],
        datastores: { database: 'postgres', cache: 'redis' },
      },
      {
        name: 'users',
        root: 'apps/users',
        kind: 'service',
        port: 3002,
        consumes: [],
        datastores: { database: 'postgres' },
      },
    ]);
    expect(tree.exists('apps/shop/orders/src/clients/users.ts')).toBe(true);
    expect(tree.exists('apps/gateway/src/clients')).toBe(false);
    expect(text('apps/users/src/app.ts')).toContain('jwt(');
    expect(text('apps/users/.serve.env')).toContain('JWT_ISSUER=');
    expect(text('compose.yaml')).toContain('apps/shop/orders/compose.yaml');
    expect(readJson<{ workspaces: string[] }>(tree, 'package.json').workspaces).toEqual(
      expect.arrayContaining(['apps/*', 'apps/shop/*']),
    );
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('creates the same files as the service generator', async () => {
    await generate('services:\n  users: { datastores: [postgres], auth: jwt }\n');
    tree.delete('platform.yml');
    const platform = treeFiles(tree);
    const alone = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(alone, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    await serviceGenerator(alone, {
      name: 'users',
      datastores: 'postgres',
      auth: 'jwt',
      skipFormat: true,
    });
    // Passwords are made once per workspace and random.
    const hidden = (files: Record<string, string>) =>
      Object.fromEntries(Object.entries(files).filter(([file]) => !/(^|\/)\.env$/.test(file)));
    expect(hidden(platform)).toEqual(hidden(treeFiles(alone)));
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await generate(SHOP);
    edit('apps/users/service.yml', 'kind: service', '# ours\nkind:   service');
    tree.write('apps/users/src/app.ts', '// ours\n');
    tree.delete('apps/shop/orders/src/clients/users.ts');
    tree.delete('apps/gateway/src/routes/hello.ts');
    const before = treeFiles(tree);
    await generate();
    expect(treeFiles(tree)).toEqual(before);
    expect(said()).toBe('platform.yml: 4 services\n  kept: gateway, users, orders, mailer');
  });

  it("adds what is new in the description, and keeps a person's edits", async () => {
    await generate(SHOP);
    edit('apps/users/service.yml', 'kind: service', '# who buys\nkind: service # plain');
    tree.write('apps/users/src/config.ts', `// ours\n${text('apps/users/src/config.ts')}`);
    const before = treeFiles(tree);
    await generate(`services:
  gateway: { kind: gateway, consumes: [users, orders, billing] }
  users: { datastores: [postgres, redis], consumes: [mailer] }
  orders: { datastores: [postgres, redis], consumes: [users] }
  mailer: { kind: worker }
  billing: { datastores: [mariadb], consumes: [gateway] }
`);
    const after = treeFiles(tree);
    expect(after['apps/users/service.yml']).toBe(
      before['apps/users/service.yml']!.replace(
        'port: 3002\n',
        'port: 3002\nconsumes: [mailer]\n',
      ) + '  cache: redis\n',
    );
    expect(after['apps/users/src/config.ts']).toBe(before['apps/users/src/config.ts']);
    expect(tree.exists('apps/users/src/clients/mailer.ts')).toBe(true);
    expect(text('apps/users/package.json')).toContain('"ioredis"');
    expect(text('apps/billing/service.yml')).toContain('port: 3004\nconsumes: [gateway]\n');
    expect(said().split('\n')).toEqual([
      'platform.yml: 5 services',
      '  created: billing',
      '  changed:',
      '    gateway: consumes billing',
      '    users: consumes mailer; cache redis',
      '  kept: orders, mailer',
    ]);
    expect(syncWorkspace(tree)).toEqual([]);
    const again = treeFiles(tree);
    await generate();
    expect(treeFiles(tree)).toEqual(again);
  });

  it('lists what is no longer described, and deletes nothing', async () => {
    await generate(SHOP);
    const before = treeFiles(tree);
    await generate('services:\n  gateway: { consumes: [orders] }\n  orders:\n');
    const changed = Object.entries(treeFiles(tree)).filter(([file, now]) => before[file] !== now);
    expect(changed.map(([file]) => file)).toEqual(['platform.yml']);
    expect(said().split('\n')).toEqual([
      'platform.yml: 2 services',
      '  kept: gateway, orders',
      '  not described, kept:',
      '    service mailer (apps/mailer)',
      '    service users (apps/users)',
      '    gateway consumes users',
      '    orders consumes users',
      '    orders has postgres as its database',
      '    orders has redis as its cache',
    ]);
  });

  it('says which code a person has to change', async () => {
    await generate(SHOP);
    await generate(`defaults: { framework: express }
services:
  gateway: { rateLimit: true }
  mailer: { auth: jwt }
  users:
`);
    expect(said()).toContain(
      [
        '  left to you:',
        '    gateway is described with rateLimit: true, but was created with rateLimit: false: change apps/gateway/src/app.ts by hand',
        '    mailer is described with framework: express, but was created with framework: fastify: change apps/mailer/src/app.ts by hand',
        '    mailer is described with auth: jwt, but was created with auth: none: change apps/mailer/src/app.ts by hand',
        '    users is described with framework: express, but was created with framework: fastify: change apps/users/src/app.ts by hand',
      ].join('\n'),
    );
  });

  it('accepts services that were created one by one', async () => {
    await serviceGenerator(tree, { name: 'users', port: 3050, skipFormat: true });
    await generate('services:\n  users: { port: 3050 }\n  orders: { consumes: [users] }\n');
    expect(text('apps/orders/service.yml')).toContain('port: 3001\nconsumes: [users]\n');
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('opens services to gateways under their routes', async () => {
    await generate('services:\n  users: { routes: [/api/users] }\n  orders:\n');
    expect(text('apps/users/service.yml')).toMatch(
      /\nport: 3001\nexpose: public\nroutes: \[\/api\/users\]\n$/,
    );
    edit('apps/users/service.yml', ' [/api/users]', '\n  - /api/users # theirs\n  - /api/me');
    edit('apps/orders/service.yml', 'kind', 'expose: internal\nkind');
    await generate('services:\n  users: { routes: [/api/people, /api/users] }\n');
    expect(text('apps/users/service.yml')).toContain(
      '  - /api/users # theirs\n  - /api/me\n  - /api/people\n',
    );
    expect(said()).toContain('  changed: users: routes /api/people\n');
    expect(said()).toContain('    users has the route /api/me');
    await expect(generate('services: { orders: { routes: [/api/orders] } }')).rejects.toThrow(
      'platform.yml:1: "orders" has routes here, and "expose: internal" in apps/orders/service.yml',
    );
    await generate('services: { mailer: { kind: worker } }');
    await expect(generate('services: { mailer: { routes: [/api/mail] } }')).rejects.toThrow(
      'platform.yml:1: A worker takes no calls',
    );
  });

  it('accepts routes with options, each once', async () => {
    const shop = `services:
  edge: { kind: gateway, consumes: [users, orders] }
  users: { routes: [/api/users, { path: /api/login, auth: none }] }
`;
    await generate(`${shop}  orders:\n`);
    expect(text('apps/users/service.yml')).toContain(
      'expose: public\nroutes: [/api/users, { path: /api/login, auth: none }]\n',
    );
    const before = treeFiles(tree);
    await generate();
    expect(treeFiles(tree)).toEqual(before);
    await expect(
      generate(`${shop.replace('auth: none', 'timeoutMs: 100')}  orders:\n`),
    ).rejects.toThrow(
      'platform.yml:3: route /api/login of "users" has other options in apps/users/service.yml: change one of the two',
    );
    await expect(generate(`${shop}  orders: { routes: [/api/users] }\n`)).rejects.toThrow(
      'platform.yml:3: "/api/users" is a route of "orders" already, and gateway "edge" serves both: choose another path',
    );
  });

  it('has services publish and handle events', async () => {
    const events = `events:
  order.placed: { publisher: orders, subscribers: [mailer], fields: { orderId: uuid, total: int } }
`;
    await generate(SHOP + events);
    const { services } = readTreePlatform(tree);
    const eventsOf = (name: string) => {
      const { broker, publishes, subscribes } = services.find((one) => one.name === name)!;
      return { broker, publishes, subscribes };
    };
    expect(eventsOf('orders')).toEqual({
      broker: 'rabbitmq',
      publishes: ['order.placed'],
      subscribes: [],
    });
    expect(eventsOf('mailer')).toEqual({
      broker: 'rabbitmq',
      publishes: [],
      subscribes: ['order.placed'],
    });
    expect(text('packages/contracts/src/events/order-placed.ts')).toContain('orderId: z.uuid(),');
    expect(text('apps/mailer/src/events/on-order-placed.ts')).toContain('orderPlaced');
    expect(said().split('\n')).toEqual([
      'platform.yml: 4 services',
      '  created: gateway, users, orders, mailer',
      '  events: order.placed: published by orders; handled by mailer',
      '  left to you: orders publishes order.placed with resources.outbox.publish(client, orderPlaced, { orderId, total }) in the transaction that it belongs to.',
    ]);
    expect(syncWorkspace(tree)).toEqual([]);

    tree.write('apps/mailer/src/events/on-order-placed.ts', '// ours\n');
    tree.delete('apps/mailer/src/events/on-order-placed.spec.ts');
    const before = treeFiles(tree);
    await generate();
    expect(treeFiles(tree)).toEqual(before);
    expect(said()).toBe('platform.yml: 4 services\n  kept: gateway, users, orders, mailer');

    await generate(
      SHOP +
        events.replace('[mailer]', '[mailer, users]').replace('total: int', 'total: number') +
        '  user.joined: { publisher: users }\n',
    );
    const after = treeFiles(tree);
    expect(after['apps/mailer/src/events/on-order-placed.ts']).toBe('// ours\n');
    expect(after['apps/users/service.yml']).toContain('publishes: [user.joined]');
    expect(after['apps/users/service.yml']).toContain('subscribes: [order.placed]');
    expect(after['apps/users/src/app.ts']).toContain('broker.subscribe(subscriptions(resources))');
    expect(said().split('\n')).toEqual([
      'platform.yml: 4 services',
      '  events:',
      '    order.placed: handled by users',
      '    user.joined: published by users',
      '  kept: gateway, orders, mailer',
      '  left to you:',
      '    packages/contracts/src/events/order-placed.ts does not match the fields of order.placed, and was kept: edit it, or leave out "fields"',
      '    users publishes user.joined with resources.outbox.publish(client, userJoined, { id }) in the transaction that it belongs to.',
    ]);
    expect(syncWorkspace(tree)).toEqual([]);

    await generate(SHOP);
    expect(said()).toContain(
      [
        '  not described, kept:',
        '    users publishes user.joined',
        '    users subscribes to order.placed',
        '    orders publishes order.placed',
        '    mailer subscribes to order.placed',
      ].join('\n'),
    );
  });

  it('orders events by a field', async () => {
    const ordered = (orderBy: string) => `services: { orders: , mailer: }
events:
  order.changed:
    publisher: orders
    subscribers: [mailer]
    fields: { orderId: uuid, step: int, isLast: boolean }
    orderBy: ${orderBy}
`;
    await expect(generate(ordered('isLast'))).rejects.toThrow(
      'platform.yml:7: order.changed cannot be ordered by "isLast", a boolean',
    );
    await generate(ordered('orderId'));
    const contract = 'packages/contracts/src/events/order-changed.ts';
    expect(text(contract)).toContain("{ orderBy: 'orderId' },");
    const before = treeFiles(tree);
    await generate(ordered('orderId'));
    expect(treeFiles(tree)).toEqual(before);
    expect(said()).not.toContain('left to you');
    await generate(ordered('step'));
    expect(said()).toContain(`left to you: ${contract} has another "orderBy" than order.changed`);
  });

  it('says one thing of services that are a list', async () => {
    describePlatform('services: [users]\n');
    await expect(generate()).rejects.toThrow(
      /^platform\.yml:1: services: a list is not a map of keys$/,
    );
  });

  it('refuses events that cannot be, and names their lines', async () => {
    describePlatform(`services:
  users: { directory: ../users }
  orders:
events:
  order.placed: { publisher: order, subscribers: [orders, userz] }
  order.item-sold: { publisher: orders }
  order-item.sold: { publisher: orders }
  item.sold: { publisher: orders, subscribers: [users] }
`);
    const before = treeFiles(tree);
    await expect(generate()).rejects.toThrow(
      [
        "5 problems in the platform's files:",
        '  platform.yml:2: "../users" is not a folder below the workspace root',
        '  platform.yml:5: "order" is not a service of this platform; did you mean "orders"?',
        '  platform.yml:5: "userz" is not a service of this platform; did you mean "users"?',
        '  platform.yml:6: "order.item-sold" and "order-item.sold" would have the same contract, orderItemSold: choose another name',
        '  platform.yml:7: "order-item.sold" and "order.item-sold" would have the same contract, orderItemSold: choose another name',
      ].join('\n'),
    );
    expect(treeFiles(tree)).toEqual(before);
    await expect(
      generate('services: { contracts: }\nevents: { order.placed: { publisher: contracts } }\n'),
    ).rejects.toThrow(
      'platform.yml:2: There is already a project "contracts" in apps/contracts, and packages/contracts needs the name',
    );
  });

  it('gives a service the broker that it is described with', async () => {
    await generate('services:\n  users:\n');
    await generate('services:\n  users: { broker: rabbitmq }\n  orders: { broker: rabbitmq }\n');
    for (const name of ['users', 'orders']) {
      expect(text(`apps/${name}/service.yml`)).toContain('broker: rabbitmq\n');
      expect(text(`apps/${name}/package.json`)).toContain('"rabbitmq-client"');
      expect(text(`apps/${name}/src/app.ts`)).toContain('broker.subscribe(');
    }
    expect(said()).toContain('changed: users: broker rabbitmq');
    expect(syncWorkspace(tree)).toEqual([]);
    await generate('services:\n  users:\n  orders: { broker: rabbitmq }\n');
    expect(said()).toContain('not described, kept: users has the broker rabbitmq');
  });

  it('supports cycles, and consumers before their providers', async () => {
    await generate(`services:
  a: { consumes: [b] }
  b: { consumes: [c] }
  c: { consumes: [a] }
`);
    expect(readTreePlatform(tree).services.map(({ consumes }) => consumes)).toEqual([
      ['b'],
      ['c'],
      ['a'],
    ]);
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('refuses everything that contradicts the workspace, and writes nothing', async () => {
    await generate(SHOP);
    describePlatform(`services:
  gateway: { kind: worker, consumes: [user, gateway] }
  users: { datastores: [mysql], port: 4000 }
  orders: { directory: apps/orders }
  a: { port: 3100 }
  b: { port: 5000 }
  c: { port: 5000, consumes: [billing] }
  d: { directory: ../d }
  e: { directory: apps/b }
  orders-cache:
  f: { colour: red }
`);
    const before = treeFiles(tree);
    const failure = await generate().catch((error: unknown) => (error as Error).message);
    expect(String(failure).split('\n')).toEqual([
      "13 problems in the platform's files:",
      '  platform.yml:2: kind of "gateway" is gateway in apps/gateway/service.yml: change one of the two',
      '  platform.yml:2: "user" is not a service of this platform; did you mean "users"?',
      '  platform.yml:2: "gateway" cannot consume itself',
      '  platform.yml:3: port of "users" is 3002 in apps/users/service.yml: change one of the two',
      '  platform.yml:3: "users" has postgres as its database: to change it, edit apps/users/service.yml; its data does not move by itself',
      '  platform.yml:4: "orders" is in apps/shop/orders: move it, or name that folder',
      '  platform.yml:5: Port 3100 is already used by "mailer"; the next free one is 3004',
      '  platform.yml:7: Port 5000 is already used by "b"; the next free one is 3005',
      '  platform.yml:7: "billing" is not a service of this platform; known are gateway, mailer, orders, users, a, b, d, e, orders-cache, f',
      '  platform.yml:8: "../d" is not a folder below the workspace root',
      '  platform.yml:9: apps/b is already the project "b": choose another folder',
      '  platform.yml:10: "orders-cache" is the name of the cache of "orders": rename the service',
      '  platform.yml:11: unknown key "services.f.colour"; known are kind, framework, auth, tracing, openapi, datastores, broker, directory, port, consumes, lambda, routes and 4 more',
    ]);
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each([10, 50])('makes %i linked services, and nx sync has nothing to do', async (count) => {
    await generate(linkedPlatform(count));
    const { services } = readTreePlatform(tree);
    expect(services.length).toBe(count);
    expect(services.flatMap(({ consumes }) => consumes).length).toBe(3 * count);
    expect(new Set(services.map(({ port }) => port)).size).toBe(count);
    expect(syncWorkspace(tree)).toEqual([]);
    const before = treeFiles(tree);
    await generate();
    expect(treeFiles(tree)).toEqual(before);
  });

  it('looks over the workspace as often for many services as for few', async () => {
    const looksFor = async (count: number) => {
      const fresh = createTreeWithEmptyWorkspace({ formatter: 'none' });
      fresh.write('platform.yml', linkedPlatform(count));
      // Each time that Nx finds the projects of a tree, it lists the changes of it.
      const looks = vi.spyOn(fresh, 'listChanges');
      await platformGenerator(fresh, { skipFormat: true });
      return looks.mock.calls.length;
    };
    const few = await looksFor(8);
    expect(few).toBeGreaterThan(0);
    expect(await looksFor(40)).toBe(few);
  });

  it('needs a description', async () => {
    await expect(platformGenerator(tree, {})).rejects.toThrow(
      'There is no platform.yml: describe the platform in it',
    );
  });
});
