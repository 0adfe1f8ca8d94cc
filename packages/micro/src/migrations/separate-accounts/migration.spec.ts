import { logger, type ProjectGraph } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { parse } from 'yaml';
import { afterEach, expect, it, vi } from 'vitest';
import { syncWorkspace } from '../../generators/sync/sync-workspace';
import { separateAccounts } from './migration';

const graph = () => Promise.resolve({ nodes: {}, dependencies: {} } as ProjectGraph);

const said: string[] = [];
vi.spyOn(logger, 'warn').mockImplementation((line: unknown) => void said.push(String(line)));
vi.spyOn(logger, 'info').mockImplementation((line: unknown) => void said.push(String(line)));
afterEach(() => void said.splice(0));

interface Compose {
  networks: Record<string, unknown>;
  services: Record<string, { networks: string[]; environment: Record<string, string> }>;
}

/** A workspace as it was before: one account for everything, one network for all datastores. */
function formerWorkspace() {
  const tree = createTreeWithEmptyWorkspace();
  tree.write('apps/orders/package.json', '{ "name": "orders" }');
  tree.write(
    'apps/orders/service.yml',
    'port: 3001\nbroker: rabbitmq\ndatastores: { database: postgres }\n',
  );
  tree.write('package.json', '{ "name": "@acme/source", "workspaces": ["apps/*"] }');
  tree.write(
    'compose.yaml',
    `name: acme
networks:
  edge:
  backend:
    internal: true
include:
  - apps/orders/compose.yaml
services:
  broker:
    image: rabbitmq:4.1
    environment:
      RABBITMQ_DEFAULT_USER: platform
      RABBITMQ_DEFAULT_PASS: \${BROKER_PASSWORD:?run "npx micro env" to create it}
    networks:
      - backend
`,
  );
  tree.write(
    'apps/orders/compose.yaml',
    `services:
  orders:
    environment:
      DATABASE_URL: postgres://orders:\${ORDERS_DATABASE_PASSWORD:?run "npx micro env" to create it}@orders-database:5432/orders
      BROKER_URL: amqp://platform:\${BROKER_PASSWORD:?run "npx micro env" to create it}@broker:5672
    networks: [edge, backend]
  orders-database:
    image: postgres:16
    environment:
      POSTGRES_USER: orders
      POSTGRES_PASSWORD: \${ORDERS_DATABASE_PASSWORD:?run "npx micro env" to create it}
      POSTGRES_DB: orders
    volumes:
      - orders-database-postgres:/var/lib/postgresql/data
    networks: [backend]
volumes:
  orders-database-postgres:
`,
  );
  const read = (path: string) => parse(tree.read(path, 'utf8')!) as Compose;
  return { tree, read };
}

it('gives each service its accounts, and each owner its network', async () => {
  const { tree, read } = formerWorkspace();
  await separateAccounts(tree, {}, graph);
  const root = read('compose.yaml');
  expect(Object.keys(root.networks)).toEqual(['edge', 'broker']);
  expect(root.services['broker']!.networks).toEqual(['broker']);
  const { services } = read('apps/orders/compose.yaml');
  expect(services['orders']!.networks).toEqual(['edge', 'orders-data', 'broker']);
  expect(services['orders']!.environment).toMatchObject({
    DATABASE_URL: expect.stringContaining('postgres://orders_service:') as string,
    BROKER_URL: expect.stringContaining('amqp://orders:') as string,
  });
  // Data, its volume and its admin stay as they are.
  expect(services['orders-database']).toMatchObject({
    image: 'postgres:16',
    environment: { POSTGRES_USER: 'orders' },
    volumes: ['orders-database-postgres:/var/lib/postgresql/data'],
    networks: ['orders-data'],
  });
  expect(Object.keys(services)).toContain('orders-database-accounts');
  expect(said.join('\n')).toContain('npx micro env');
});

it('changes nothing when it runs again, and leaves nothing for sync', async () => {
  const { tree } = formerWorkspace();
  await separateAccounts(tree, {}, graph);
  const edited = tree
    .read('apps/orders/compose.yaml', 'utf8')!
    .replace('image: postgres:16\n', 'image: postgres:16.2 # pinned\n')
    .replace('image: postgres:16\n', 'image: postgres:16.2\n');
  tree.write('apps/orders/compose.yaml', edited);
  said.splice(0);
  await separateAccounts(tree, {}, graph);
  expect(tree.read('apps/orders/compose.yaml', 'utf8')).toBe(edited);
  expect(syncWorkspace(tree)).toEqual([]);
  expect(said).toEqual([]);
});

it('has MariaDB start so that its admin makes accounts, and says that it has to restart', async () => {
  const { tree, read } = formerWorkspace();
  tree.write('apps/desk/package.json', '{ "name": "desk" }');
  tree.write('apps/desk/service.yml', 'port: 3002\ndatastores: { database: mariadb }\n');
  const password = '${DESK_DATABASE_PASSWORD:?run "npx micro env" to create it}';
  tree.write(
    'apps/desk/compose.yaml',
    `services:
  desk:
    environment:
      DATABASE_URL: mysql://desk:${password}@desk-database:3306/desk
    networks: [edge, backend]
  desk-database:
    image: mariadb:10.11
    command: [--max-connections=50]
    environment:
      MARIADB_USER: desk
      MARIADB_PASSWORD: ${password}
      MARIADB_DATABASE: desk
      MARIADB_RANDOM_ROOT_PASSWORD: 'yes'
    volumes: [desk-database-mariadb:/var/lib/mysql]
    networks: [backend]
volumes:
  desk-database-mariadb:
`,
  );
  await separateAccounts(tree, {}, graph);
  const { services } = read('apps/desk/compose.yaml');
  expect(services['desk']!.environment['DATABASE_URL']).toContain('mysql://desk_service:');
  expect(services['desk-database']).toMatchObject({
    image: 'mariadb:10.11',
    command: ['--max-connections=50'],
    entrypoint: ['sh', '-ec', expect.stringContaining('--init-file='), 'sh'] as unknown,
    volumes: ['desk-database-mariadb:/var/lib/mysql'],
  });
  expect(services['desk-database']!.environment).toEqual({
    MARIADB_USER: 'desk',
    MARIADB_PASSWORD: password,
    MARIADB_DATABASE: 'desk',
    MARIADB_ROOT_PASSWORD: password,
  });
  expect(services['desk-database-accounts']).toMatchObject({
    image: 'mariadb:10.11',
    user: 'mysql',
  });
  expect(said.join('\n')).toContain('prints the command, of desk-database.');
  expect(syncWorkspace(tree)).toEqual([]);
});

it("keeps the former network for a person's own entries, and names them", async () => {
  const { tree, read } = formerWorkspace();
  const overlay = 'environments/production.compose.yaml';
  tree.write(overlay, 'services:\n  adminer:\n    image: adminer\n    networks: [backend]\n');
  await separateAccounts(tree, {}, graph);
  expect(read('compose.yaml').networks).toHaveProperty('backend');
  expect(said.join('\n')).toContain(`${overlay}: adminer`);
  expect(tree.read(overlay, 'utf8')).toContain('networks: [backend]');
});

it('leaves a workspace without a platform alone', async () => {
  const tree = createTreeWithEmptyWorkspace();
  const before = tree.listChanges().length;
  await separateAccounts(tree, {}, graph);
  expect(tree.listChanges()).toHaveLength(before);
});
