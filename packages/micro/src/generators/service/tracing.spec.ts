import { updateJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ROOT } from '../../../../../tools/generated/file';
import { mustEnd, startChild } from '../../../../../tools/testing/child';
import { freePort } from '../../../../../tools/testing/free-port';
import { buildArtifact } from '../../effects/bundle-artifact';
import { startCollector } from '../../testing/collector';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from './generator';

const CALLS_USERS = `import { createClient } from '@org/chassis/client';
import type { FastifyInstance } from 'fastify';

const users = createClient('users');

export function helloRoutes(app: FastifyInstance): void {
  app.get('/hello', () => users.get('/hello'));
}
`;

it('sends one trace over two services, as bundles and without a package beside them', async () => {
  const root = await buildPlatform();
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const users = await start(root, 'users', traced);
  const orders = await start(root, 'orders', { ...traced, MICROSERVICE_USERS_URL: users.url });

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
  const silent = await start(root, 'users', { OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  await (await fetch(`${silent.url}/hello`)).text();
  await silent.stop();
  expect(collector.spans).toHaveLength(said);
});

/** Two generated services, of which orders calls users, built as for an image. */
async function buildPlatform(): Promise<string> {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'users', tracing: true });
  await serviceGenerator(tree, { name: 'orders', tracing: true, consumes: 'users' });
  tree.write('apps/orders/src/routes/hello.ts', CALLS_USERS);
  const root = temporaryWorkspace(treeFiles(tree));
  const packages = join(root, 'node_modules');
  symlinkSync(join(ROOT, 'node_modules'), packages);
  for (const name of ['users', 'orders']) {
    const { externals } = await buildArtifact({
      workspaceRoot: root,
      projectRoot: `apps/${name}`,
      build: { entry: 'src/main.ts', external: [], assets: [] },
      outputPath: `dist/apps/${name}`,
    });
    expect([...externals]).toEqual([]);
  }
  // As in an image that installs nothing.
  rmSync(packages);
  return root;
}

/** Runs a bundle until it is ready. */
async function start(root: string, name: string, variables: Readonly<Record<string, string>>) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startChild(process.execPath, [join(root, `dist/apps/${name}/app/main.js`)], {
    cwd: root,
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      STOP_DELAY_MS: '0',
      ...variables,
    },
  });
  onTestFinished(() => child.signal('SIGKILL'));
  await vi.waitFor(
    async () => {
      if (!child.isAlive()) throw new Error(`${name} ended:\n${child.output()}`);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
    },
    { timeout: 15_000, interval: 50 },
  );
  return {
    url,
    stop: async () => {
      child.signal('SIGTERM');
      await mustEnd(child);
    },
  };
}
