import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { mustRun } from '../tools/command.js';
import { ensureDatastoreImage } from '../tools/images/datastores/datastore-image.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { freshWorkspace, useOwnPorts, type FreshWorkspace } from './fresh-workspace.js';

const CONTRACT = 'packages/contracts/src/events/order-placed.ts';
const ORDER = '7f9c24e8-3b12-4e5f-9d1a-2c6b8e0f4a71';

/** Code that a person writes: an order and its event, in one transaction. */
const placeOrder = (scope: string) => `import { orderPlaced } from '@${scope}/contracts';
import type { Resources } from './resources.js';

export function placeOrder(
  { database, outbox }: Resources,
  orderId: string,
): Promise<string> {
  return database.transaction((client) =>
    outbox.publish(client, orderPlaced, { orderId, total: 3 }),
  );
}
`;

describeEngine('an event of orders with two subscribers, a worker and a service', () => {
  let fresh: FreshWorkspace;
  let port: number;

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('rabbitmq');
    fresh = await freshWorkspace();
    port = await freePort();
    const { workspace } = fresh;
    const generate = (generator: string, ...args: string[]) =>
      workspace.nx('g', `@org/micro:${generator}`, ...args);
    await generate(
      'service',
      'orders',
      '--datastores=postgres',
      '--broker=rabbitmq',
      '--skipInstall',
    );
    // It has no broker yet, and no code for events.
    await generate('service', 'stock', '--skipInstall');
    await generate('service', 'users', '--skipInstall');
    const fields = '--fields=orderId:uuid,total:int,note?:string';
    await generate('event', 'order.placed', '--publisher=orders', '--subscribers=stock', fields);
    // Its database has only the tables for events.
    await generate('worker', 'mailer', '--subscribes=order.placed', '--datastores=postgres');
    // Its own packages are installed, not only those of the root.
    await generate('datastore', 'users', 'redis');
    await useOwnPorts(workspace);
    await workspace.commit('Services and their event');
  });

  afterAll(() => fresh?.remove());

  it('is in sync, and passes lint, tests, compiler and build as generated', async () => {
    const { workspace } = fresh;
    await workspace.nx('sync:check');
    await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', 'build');
    await mustRun('npx', ['prettier', '--check', 'apps', 'packages'], { cwd: workspace.root });
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('stays the same when it is generated again', async () => {
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:worker', 'mailer', '--subscribes=order.placed');
    const to = ['--publisher=orders', '--subscribers=stock,mailer'];
    await workspace.nx('g', '@org/micro:event', 'order.placed', ...to);
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('does not compile in any service if a field has another name', async () => {
    const { workspace } = fresh;
    await workspace.write('apps/orders/src/place-order.ts', placeOrder(workspace.name));
    const app = 'apps/orders/src/app.ts';
    await workspace.edit(
      app,
      'import { connect',
      `import { placeOrder } from './place-order.js';\nimport { connect`,
    );
    await workspace.edit(
      app,
      '      itemRoutes(',
      `      app.post('/orders/:id', (request) =>
        placeOrder(resources, (request.params as { id: string }).id),
      );
      itemRoutes(`,
    );
    await workspace.nx('run-many', '-t', 'typecheck');
    await workspace.commit('orders publishes');

    await workspace.edit(CONTRACT, 'total: z', 'amount: z');
    const { exitCode, output } = await workspace.startNx([
      'run-many',
      '-t',
      'typecheck',
      '--outputStyle=stream',
    ]).ended;
    await workspace.git('checkout', '--', '.');
    expect(exitCode).not.toBe(0);
    const text = stripVTControlCharacters(output);
    for (const file of [
      'orders: src/place-order.ts',
      'stock: src/events/on-order-placed.ts',
      'stock: src/events/on-order-placed.spec.ts',
      'mailer: src/events/on-order-placed.ts',
      'mailer: src/events/on-order-placed.spec.ts',
    ]) {
      expect(text).toMatch(new RegExp(`${file.replaceAll('.', '\\.')}.*'total' does not exist`));
    }
    expect(text).not.toContain('users: src');
  });

  it('affects only publisher and subscribers if its contract changes', async () => {
    const { workspace } = fresh;
    await workspace.edit(CONTRACT, 'total: z.int()', 'total: z.int().positive()');
    const affected = await workspace.nx('show', 'projects', '--affected', '--base=HEAD', '--json');
    const names = JSON.parse(affected.slice(affected.indexOf('['))) as string[];
    await workspace.git('checkout', '--', '.');
    expect(names.sort()).toEqual(['contracts', 'mailer', 'orders', 'stock']);
  });

  it('reaches both subscribers after the transaction that published it', async () => {
    const { workspace } = fresh;
    const environment = 'environments/development.yml';
    const published = `services:\n  orders:\n    publish: ${port}\n`;
    await workspace.write(environment, (await workspace.read(environment)) + published);
    await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });
    await workspace.nx('run-many', '-t', 'compose-deploy', '-p', 'orders', 'stock', 'mailer');

    const response = await fetch(`http://127.0.0.1:${port}/orders/${ORDER}`, { method: 'POST' });
    expect(response.status).toBe(200);
    const id = await response.text();
    for (const service of ['stock', 'mailer']) {
      await vi.waitFor(
        async () =>
          expect(await handled(workspace.name, service)).toEqual([
            { eventId: id, orderId: ORDER, total: 3 },
          ]),
        { timeout: 60_000, interval: 500 },
      );
    }
  });
});

interface HandledLine {
  msg: string;
  eventId: string;
  orderId: string;
  total: number;
}

/** The events in the log of a service's handler. */
async function handled(platform: string, service: string): Promise<Omit<HandledLine, 'msg'>[]> {
  const filters = [`project=${platform}-development`, `service=${service}`].flatMap((label) => [
    '--filter',
    `label=com.docker.compose.${label}`,
  ]);
  const container = (await mustRun('docker', ['ps', '--quiet', ...filters])).trim();
  const logs = await mustRun('docker', ['logs', container]);
  return logs
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as HandledLine)
    .filter(({ msg }) => msg === 'order.placed')
    .map(({ eventId, orderId, total }) => ({ eventId, orderId, total }));
}
