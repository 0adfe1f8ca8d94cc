import { updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { requiredSecrets } from '../../compose/env-secrets';
import { bundleServices, startBundle } from '../../testing/bundled-service';
import { writeFiles } from '../../testing/temporary-workspace';
import { formattedModules, treeFiles } from '../../testing/tree-files';
import { connectGenerator } from '../connect/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { serviceGenerator } from './generator';

const CALLS_ORDERS = `import { readVariables } from '@org/chassis';
import type { FastifyInstance } from 'fastify';
import { ordersClient } from '../clients/orders.js';
import { links } from '../links.js';

export function helloRoutes(app: FastifyInstance): void {
  const orders = ordersClient(readVariables('gateway', links, process.env));
  app.get('/hello', () => orders.get('/hello'));
}
`;

let tree: Tree;

const text = (path: string) => tree.read(path, 'utf8') ?? '';

beforeEach(async () => {
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'orders', auth: 'service-keys' });
});

describe('service --auth=service-keys', () => {
  it('gives each link a key, which both of its ends get from .env', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', consumes: 'orders' });
    await serviceGenerator(tree, { name: 'order-worker', kind: 'worker' });
    await connectGenerator(tree, { consumer: 'order-worker', provider: 'orders' });
    const keys = ['GATEWAY__ORDERS_SERVICE_KEY', 'ORDER_WORKER__ORDERS_SERVICE_KEY'];
    expect(requiredSecrets(readTreePlatform(tree))).toEqual(keys);
    const asked = (key: string) => `\${${key}:?run "npx micro env" to create it}`;
    const provider = text('apps/orders/compose.yaml');
    expect(provider).toContain(`CALLER_GATEWAY_KEY: ${asked(keys[0]!)}\n`);
    expect(provider).toContain(`CALLER_ORDER_WORKER_KEY: ${asked(keys[1]!)}\n`);
    expect(text('apps/gateway/compose.yaml')).toContain(
      `MICROSERVICE_ORDERS_KEY: ${asked(keys[0]!)}\n`,
    );
    expect(text('apps/gateway/.serve.env')).toContain(`MICROSERVICE_ORDERS_KEY=\${${keys[0]!}}\n`);
    expect(text('apps/orders/src/callers.ts')).toContain(
      "    'order-worker': config.CALLER_ORDER_WORKER_KEY,\n",
    );
    expect(text('apps/order-worker/src/clients/orders.ts')).toContain(
      'serviceKey: config.MICROSERVICE_ORDERS_KEY,',
    );
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('changes nothing when it runs again', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', consumes: 'orders' });
    const before = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', auth: 'service-keys', skipFormat: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it('removes the key with the link, but keeps one that a person wrote', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', consumes: 'orders' });
    const mine = '      MICROSERVICE_BILLING_KEY: ${MY_KEY}\n';
    const compose = text('apps/gateway/compose.yaml').replace(
      /^ {6}MICROSERVICE_ORDERS_KEY/m,
      `${mine}$&`,
    );
    tree.write('apps/gateway/compose.yaml', compose);
    tree.write('apps/gateway/service.yml', 'kind: gateway\nport: 3002\n');
    const drift = syncWorkspace(tree).flatMap(({ path, drift }) =>
      drift.map((l) => `${path}: ${l}`),
    );
    expect(drift).toContain('apps/orders/compose.yaml: CALLER_GATEWAY_KEY is not in the manifest');
    expect(drift).toContain(
      'apps/orders/src/callers.ts: CALLER_GATEWAY_KEY is not in the manifest',
    );
    const left = ['compose.yaml', '.serve.env'].map((file) => text(`apps/gateway/${file}`)).join();
    expect(left.match(/^.*_KEY.*$/gm)).toEqual([mine.trimEnd()]);
  });

  it('accepts its consumers, and no other caller', async () => {
    await serviceGenerator(tree, { name: 'gateway', consumes: 'orders' });
    tree.write('apps/gateway/src/routes/hello.ts', CALLS_ORDERS);
    const root = await bundleServices(tree, ['orders', 'gateway']);
    const key = 'only-for-this-test-0123456789';
    writeFiles(root, { 'run/secrets/gateway-key': `${key}\n` });
    const orders = await startBundle(root, 'orders', {
      CALLER_GATEWAY_KEY_FILE: `${root}/run/secrets/gateway-key`,
    });
    const gateway = await startBundle(root, 'gateway', {
      MICROSERVICE_ORDERS_URL: orders.url,
      MICROSERVICE_ORDERS_KEY: key,
    });
    expect((await fetch(`${orders.url}/hello`)).status).toBe(401);
    expect((await fetch(`${orders.url}/health`)).status).toBe(200);
    const answer = await fetch(`${gateway.url}/hello`);
    expect(await answer.json()).toEqual({ message: 'Hello world, this is orders' });
    const stranger = await startBundle(root, 'gateway', {
      MICROSERVICE_ORDERS_URL: orders.url,
      MICROSERVICE_ORDERS_KEY: `not-${key}`,
    });
    expect((await fetch(`${stranger.url}/hello`)).status).toBe(502);
  });

  it('writes the same with and without a formatter', async () => {
    const formatted = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
    updateJson(formatted, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    await serviceGenerator(formatted, { name: 'orders', auth: 'service-keys' });
    for (const each of [tree, formatted]) {
      await serviceGenerator(each, { name: 'mail', kind: 'worker', auth: 'service-keys' });
      await serviceGenerator(each, {
        name: 'web-shop',
        auth: 'service-keys',
        framework: 'express',
        consumes: 'orders,mail',
      });
      await serviceGenerator(each, { name: 'a-name-of-some-length', auth: 'service-keys' });
      const consumes = 'web-shop,a-name-of-some-length';
      await serviceGenerator(each, { name: 'gateway', consumes });
    }
    for (const name of ['orders', 'mail', 'web-shop', 'gateway']) {
      const folder = `apps/${name}`;
      expect(await formattedModules(treeFiles(tree, folder))).toEqual(treeFiles(formatted, folder));
    }
  });
});
