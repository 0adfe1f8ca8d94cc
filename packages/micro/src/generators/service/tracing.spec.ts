import { updateJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { expect, it, onTestFinished } from 'vitest';
import { bundleServices, startBundle } from '../../testing/bundled-service';
import { startCollector } from '../../testing/collector';
import { serviceGenerator } from './generator';

const CALLS_USERS = `import { createClient } from '@org/chassis/client';
import type { FastifyInstance } from 'fastify';

const users = createClient('users');

export function helloRoutes(app: FastifyInstance): void {
  app.get('/hello', () => users.get('/hello'));
}
`;

it('sends one trace over two services, as bundles and without a package beside them', async () => {
  const root = await bundlePlatform();
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const users = await startBundle(root, 'users', traced);
  const orders = await startBundle(root, 'orders', {
    ...traced,
    MICROSERVICE_USERS_URL: users.url,
  });

  const answer = await fetch(`${orders.url}/hello`, { headers: { 'x-request-id': 'abc' } });
  expect(await answer.json()).toEqual({ message: 'Hello world, this is users' });
  for (const { url } of [users, orders]) await (await fetch(`${url}/health`)).text();
  await users.stop();
  await orders.stop();

  const { spans } = collector;
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const requests = spans.filter(({ attributes }) => 'request.id' in attributes);
  expect(requests.map(({ service, attributes }) => [service, attributes['request.id']])).toEqual([
    ['users', 'abc'],
    ['orders', 'abc'],
  ]);
  // The span of the request to users belongs to that of the call, which orders made.
  const call = spans.find(({ spanId }) => spanId === requests[0]!.parentSpanId);
  expect(call).toMatchObject({ service: 'orders', attributes: { 'http.request.method': 'GET' } });
  const paths = spans.map(({ attributes }) => attributes['url.path']);
  expect(paths).toContain('/hello');
  expect(paths).not.toContain('/health');

  const said = collector.spans.length;
  const silent = await startBundle(root, 'users', { OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  await (await fetch(`${silent.url}/hello`)).text();
  await silent.stop();
  expect(collector.spans).toHaveLength(said);
});

/** Two generated services, of which orders calls users. */
async function bundlePlatform(): Promise<string> {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'users', tracing: true });
  await serviceGenerator(tree, { name: 'orders', tracing: true, consumes: 'users' });
  tree.write('apps/orders/src/routes/hello.ts', CALLS_USERS);
  return bundleServices(tree, ['users', 'orders']);
}
