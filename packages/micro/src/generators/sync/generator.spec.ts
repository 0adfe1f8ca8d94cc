import {
  addProjectConfiguration,
  type ProjectGraph,
  removeProjectConfiguration,
  type Tree,
} from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { syncGenerator } from './generator';
import { syncWorkspace } from './sync-workspace';

const DEVELOPMENT = 'environments/development.compose.yaml';
const DOCKERFILE = 'FROM node:24\nENV NODE_ENV=production PORT=3001\nEXPOSE 3001\n';

let tree: Tree;
let dependencies: ProjectGraph['dependencies'];

/** What is on disk for the tree does not exist: every change is against an empty folder. */
const contents = () =>
  Object.fromEntries(tree.listChanges().map(({ path, content }) => [path, String(content)]));

const text = (path: string) => tree.read(path, 'utf8') ?? '';

const edit = (path: string, from: string | RegExp, to: string) => {
  const before = text(path);
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  tree.write(path, after);
};

const sync = () =>
  syncGenerator(tree, {}, () =>
    Promise.resolve({
      nodes: Object.fromEntries(
        [
          ['orders', 'apps/orders'],
          ['users', 'apps/users'],
          ['gateway', 'apps/gateway'],
          ['money', 'packages/money'],
          ['text', 'packages/text'],
        ].map(([name, root]) => [
          name!,
          { name: name!, type: 'lib' as const, data: { root: root! } },
        ]),
      ),
      dependencies,
    }),
  );

const details = async () => (await sync())?.outOfSyncDetails;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  dependencies = {};
  tree.write(
    'package.json',
    JSON.stringify({ name: '@acme/source', workspaces: ['apps/*', 'packages/*'] }),
  );
  const manifests = {
    gateway: 'kind: gateway\nport: 3000\nconsumes: [orders, users]\n',
    orders: 'port: 3001\nconsumes: [users]\ndatastores:\n  database: postgres\n',
    users: 'port: 3002\n',
  };
  for (const [name, manifest] of Object.entries(manifests)) {
    addProjectConfiguration(tree, name, { root: `apps/${name}` });
    tree.write(`apps/${name}/service.yml`, manifest);
  }
  tree.write('apps/orders/Dockerfile', DOCKERFILE);
  tree.write('apps/orders/src/config.ts', "import { links } from './links';\n");
  addProjectConfiguration(tree, 'money', { root: 'packages/money' });
  addProjectConfiguration(tree, 'text', { root: 'packages/text' });
});

describe('sync', () => {
  it('derives every file, and has nothing more to do then', async () => {
    expect(await sync()).toEqual({
      outOfSyncMessage: "Some files do not match the services' manifests.",
      outOfSyncDetails: [
        'compose.yaml: the file is missing',
        'environments/development.compose.yaml: the file is missing',
        'apps/gateway/compose.yaml: the file is missing',
        'apps/gateway/.serve.env: the file is missing',
        'apps/orders/compose.yaml: the file is missing',
        'apps/orders/.serve.env: the file is missing',
        'apps/orders/src/links.ts: the file is missing',
        'apps/orders/Dockerfile.dockerignore: the file is missing',
        'apps/users/compose.yaml: the file is missing',
        'apps/users/.serve.env: the file is missing',
      ],
    });
    const first = contents();
    expect(first['compose.yaml']).toContain('name: acme\n');
    expect(await sync()).toBeUndefined();
    expect(contents()).toEqual(first);
  });

  it("keeps a person's edits when it is run again, and changes nothing else", async () => {
    await sync();
    edit('apps/gateway/compose.yaml', 'services:\n', '# Ours\nservices:\n');
    edit('apps/gateway/compose.yaml', '    init: true\n', '');
    edit('apps/gateway/compose.yaml', "      PORT: '3000'\n", '');
    edit(
      'apps/gateway/compose.yaml',
      '    depends_on:\n',
      "      LOG_LEVEL:   debug # for now\n      PORT: '3000'\n    depends_on:\n",
    );
    edit('compose.yaml', 'networks:\n', '  - infra/compose.yaml\nnetworks:\n');
    tree.write('infra/compose.yaml', 'services: {}\n');
    edit('apps/orders/.serve.env', /^/, 'LOG_LEVEL=debug\n');
    edit(DEVELOPMENT, '      LOG_LEVEL: debug\n', '      LOG_LEVEL: trace # all of it\n');
    edit(DEVELOPMENT, 'services:\n', 'services:\n  adminer: { image: adminer }\n');
    edit('apps/orders/Dockerfile.dockerignore', /$/, '!docs\n');
    edit('apps/orders/Dockerfile', /$/, 'LABEL mine=yes\n');
    const edited = contents();
    expect(await sync()).toBeUndefined();
    expect(contents()).toEqual(edited);

    tree.write('apps/users/service.yml', 'port: 3009\n');
    await sync();
    expect(contents()).toEqual({
      ...edited,
      'apps/users/service.yml': 'port: 3009\n',
      'apps/users/compose.yaml': edited['apps/users/compose.yaml']!.replace('3002', '3009'),
      'apps/users/.serve.env': edited['apps/users/.serve.env']!.replace('3002', '3009'),
      'apps/orders/compose.yaml': edited['apps/orders/compose.yaml']!.replace('3002', '3009'),
      'apps/orders/.serve.env': edited['apps/orders/.serve.env']!.replace('3002', '3009'),
      'apps/gateway/compose.yaml': edited['apps/gateway/compose.yaml']!.replace('3002', '3009'),
      'apps/gateway/.serve.env': edited['apps/gateway/.serve.env']!.replace('3002', '3009'),
    });
  });

  it('says what drifted, where, and how', async () => {
    await sync();
    edit('apps/orders/service.yml', 'port: 3001', 'port: 3005');
    edit('apps/gateway/compose.yaml', 'http://users:3002', 'http://users:1');
    expect(await details()).toEqual([
      'apps/gateway/compose.yaml: MICROSERVICE_ORDERS_URL is http://orders:3001, the manifest says http://orders:3005',
      'apps/gateway/compose.yaml: MICROSERVICE_USERS_URL is http://users:1, the manifest says http://users:3002',
      'apps/gateway/.serve.env: MICROSERVICE_ORDERS_URL is http://localhost:3001, the manifest says http://localhost:3005',
      'apps/orders/compose.yaml: PORT is 3001, the manifest says 3005',
      'apps/orders/.serve.env: PORT is 3001, the manifest says 3005',
      'apps/orders/Dockerfile: ENV PORT is 3001, the manifest says 3005',
      'apps/orders/Dockerfile: EXPOSE is 3001, the manifest says 3005',
    ]);
    expect(text('apps/orders/Dockerfile')).toBe(DOCKERFILE.replaceAll('3001', '3005'));
  });

  it('passes nx serve the port that a person gave a datastore', async () => {
    await sync();
    const url = (port: number) =>
      `DATABASE_URL=postgres://orders_service:\${ORDERS_DATABASE_SERVICE_PASSWORD}@127.0.0.1:${port}/orders\n`;
    expect(text('apps/orders/.serve.env')).toContain(url(13001));
    edit(DEVELOPMENT, '127.0.0.1:13001:5432', '127.0.0.1:5432:5432');
    const edited = text(DEVELOPMENT);
    expect(await details()).toEqual([
      'apps/orders/.serve.env: DATABASE_URL does not match the manifest',
      'apps/orders/.serve.env: DATABASE_OWNER_URL does not match the manifest',
    ]);
    expect(text('apps/orders/.serve.env')).toContain(url(5432));
    expect(text(DEVELOPMENT)).toBe(edited);
  });

  it('removes a datastore from every file', async () => {
    await sync();
    edit('apps/orders/service.yml', 'datastores:\n  database: postgres\n', '');
    await sync();
    for (const path of [DEVELOPMENT, 'apps/orders/compose.yaml', 'apps/orders/.serve.env']) {
      expect(text(path)).not.toMatch(/database|13001|^networks/im);
    }
    expect(await sync()).toBeUndefined();
  });

  it('removes a link from every file', async () => {
    await sync();
    edit('apps/orders/service.yml', 'consumes: [users]\n', '');
    expect(await details()).toEqual([
      'apps/orders/compose.yaml: MICROSERVICE_USERS_URL is not in the manifest',
      'apps/orders/compose.yaml: depends_on users is not in the manifest',
      'apps/orders/.serve.env: MICROSERVICE_USERS_URL is not in the manifest',
      'apps/orders/src/links.ts: MICROSERVICE_USERS_URL is not in the manifest',
    ]);
    for (const path of ['compose.yaml', '.serve.env', 'src/links.ts']) {
      expect(text(`apps/orders/${path}`)).not.toMatch(/users/i);
    }
  });

  it('allows the libraries of the project graph, and no linked service', async () => {
    await sync();
    const edge = (source: string, target: string, type: 'static' | 'implicit' = 'static') => ({
      source,
      target,
      type,
    });
    dependencies = {
      orders: [
        edge('orders', 'money'),
        edge('orders', 'users', 'implicit'),
        edge('orders', 'npm:x'),
      ],
      money: [edge('money', 'text'), edge('money', 'orders')],
    };
    expect(await details()).toEqual([
      'environments/development.compose.yaml: orders: watch packages/money is missing',
      'environments/development.compose.yaml: orders: watch packages/text is missing',
      'apps/orders/Dockerfile.dockerignore: "!packages/money" is missing',
      'apps/orders/Dockerfile.dockerignore: "!packages/text" is missing',
    ]);
    const ignore = text('apps/orders/Dockerfile.dockerignore');
    expect(syncWorkspace(tree)).toEqual([]);
    expect(text('apps/orders/Dockerfile.dockerignore')).toBe(ignore);
  });

  it('forgets a service whose folder is gone', async () => {
    await sync();
    tree.delete('apps/users');
    edit('apps/orders/service.yml', '[users]', '[]');
    edit('apps/gateway/service.yml', ', users', '');
    await sync();
    expect(text('compose.yaml')).not.toContain('users');
    expect(text(DEVELOPMENT)).not.toContain('users');
    expect(text('apps/gateway/compose.yaml')).not.toMatch(/users/i);
  });

  it('reads a file as often for 12 consumers as for one', async () => {
    const readsWith = async (consumers: number) => {
      for (let at = 0; at < consumers; at++) {
        const root = `apps/consumer-${at}`;
        addProjectConfiguration(tree, `consumer-${at}`, { root });
        tree.write(`${root}/service.yml`, `port: ${4000 + at}\nconsumes: [users]\n`);
      }
      await sync();
      const read = vi.spyOn(tree, 'read');
      await sync();
      const files = read.mock.calls.map(([path]) => path);
      read.mockRestore();
      for (let at = 0; at < consumers; at++) {
        removeProjectConfiguration(tree, `consumer-${at}`);
        tree.delete(`apps/consumer-${at}`);
      }
      const shared = ['compose.yaml', 'apps/users/compose.yaml', 'apps/users/Dockerfile'];
      return shared.map((file) => files.filter((path) => path === file).length);
    };
    const [one, twelve] = [await readsWith(1), await readsWith(12)];
    expect(Math.min(...one)).toBeGreaterThan(0);
    expect(twelve).toEqual(one);
  });

  it('does nothing without a service', async () => {
    tree = createTreeWithEmptyWorkspace();
    const before = contents();
    expect(await sync()).toBeUndefined();
    expect(contents()).toEqual(before);
  });
});

describe('files that cannot be read', () => {
  it('is said at once, with file and line, and nothing is written', async () => {
    edit('apps/users/service.yml', '3002', '3001');
    edit('apps/gateway/service.yml', 'users]', 'users');
    const before = contents();
    await expect(sync()).rejects.toThrow(
      /^2 problems in the platform's files:\n {2}apps\/gateway\/service\.yml:\d: not valid YAML: .*\n {2}apps\/users\/service\.yml:1: port 3001 is already used by "orders"; the next free one is 3002$/,
    );
    expect(contents()).toEqual(before);
  });

  it('include environments, and services in them that do not exist', async () => {
    await sync();
    tree.write(
      'environments/production.yml',
      'services:\n  oders: { replicas: 2 }\n  users: { replicas: 2 }\n',
    );
    tree.write('environments/staging.yml', 'links:\n  user: https://users.example.com\n');
    // A service that is removed leaves its lines behind.
    tree.delete('apps/users');
    edit('apps/orders/service.yml', '[users]', '[]');
    edit('apps/gateway/service.yml', ', users', '');
    const before = contents();
    await expect(sync()).rejects.toThrow(
      [
        "3 problems in the platform's files:",
        '  environments/production.yml:2: "oders" is not a service of this platform; did you mean "orders"?',
        '  environments/production.yml:3: "users" is not a service of this platform; known are gateway, orders; remove it if the service is gone',
        '  environments/staging.yml:2: "user" is not a service of this platform; known are gateway, orders; remove it if the service is gone',
      ].join('\n'),
    );
    expect(contents()).toEqual(before);
    tree.write('environments/production.yml', 'services:\n  orders: { replicas: 2 }\n');
    tree.delete('environments/staging.yml');
    await sync();
    expect(text('apps/gateway/compose.yaml')).not.toMatch(/users/i);
  });

  it('are reported together, manifests and environments', async () => {
    edit('apps/users/service.yml', '3002', '3001');
    tree.write('environments/production.yml', 'services: { oders: { replicas: 2 } }\n');
    await expect(sync()).rejects.toThrow(
      /^2 problems .*:\n {2}apps\/users\/service\.yml:1: .*\n {2}environments\/production\.yml:1: "oders" .* did you mean "orders"\?$/,
    );
  });

  it('may be a compose file too', async () => {
    await sync();
    tree.write('apps/users/compose.yaml', 'services: [');
    tree.write('apps/orders/compose.yaml', 'services:\n  orders: 3\n');
    await expect(sync()).rejects.toThrow(
      /^2 problems .*:\n {2}apps\/orders\/compose\.yaml:2: services\.orders must be a map\n {2}apps\/users\/compose\.yaml:1: not valid YAML/,
    );
  });
});
