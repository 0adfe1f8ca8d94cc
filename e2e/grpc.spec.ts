import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

const PROTO = 'packages/inventory-proto/proto/inventory/v1/inventory.proto';

/** A route of orders that calls inventory. */
const ROUTE = `import type { FastifyInstance } from 'fastify';
import { inventoryGrpcClient } from '../clients/inventory-grpc.js';
import type { Config } from '../config.js';

export function helloRoutes(app: FastifyInstance, config: Config): void {
  const inventory = inventoryGrpcClient(config);
  app.get('/hello', async () => {
    const { message } = await inventory.sayHello({ name: 'Ada' });
    return { message };
  });
}
`;

describeEngine('a service that speaks gRPC', () => {
  let fresh: FreshWorkspace;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:service', 'inventory', '--grpc', '--auth=service-keys');
    await workspace.nx('g', '@org/micro:service', 'orders');
    await workspace.nx('g', '@org/micro:connect', 'orders', 'inventory', '--grpc');
    await workspace.write('apps/orders/src/routes/hello.ts', ROUTE);
    await workspace.edit('apps/orders/src/app.ts', 'helloRoutes(app)', 'helloRoutes(app, config)');
    const spec = 'apps/orders/src/app.spec.ts';
    const text = await workspace.read(spec);
    await workspace.write(spec, `${text.slice(0, text.indexOf("  it('says hello'"))}});\n`);
    await workspace.nx('sync');
    await workspace.commit('orders calls inventory over gRPC');
  });

  afterAll(() => fresh?.remove());

  it('is in sync, and passes lint, tests, compiler and build as generated', async () => {
    const { workspace } = fresh;
    expect(
      await workspace.read('packages/inventory-proto/src/gen/inventory/v1/inventory_pb.ts'),
    ).toContain('InventoryService');
    await workspace.nx('sync:check');
    await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', 'build');
    expect(await workspace.git('status', '--porcelain')).toBe('');
    expect(existsSync(join(workspace.root, 'dist/apps/inventory/app/main.js'))).toBe(true);
  });

  it('is answered through a deploy', async () => {
    const { workspace } = fresh;
    await workspace.nx('run-many', '-t', 'compose-deploy');
    const container = await mustRun('docker', [
      'ps',
      '-q',
      '--filter',
      `label=com.docker.compose.project=${workspace.name}-development`,
      '--filter',
      'label=com.docker.compose.service=orders',
    ]);
    const code =
      "fetch('http://127.0.0.1:' + process.env.PORT + '/hello').then(async (r) => console.log(r.status, await r.text()))";
    const answer = await mustRun('docker', ['exec', container.trim(), 'node', '-e', code]);
    expect(answer.trim()).toBe('200 {"message":"Hello Ada, this is inventory"}');
  });

  it('does not compile with a consumer that reads a field under its former name', async () => {
    const { workspace } = fresh;
    await workspace.edit(PROTO, 'string message = 1', 'string greeting = 1');
    const failed = await workspace.startNx(['typecheck', 'orders']).ended;
    expect(failed.exitCode).toBe(1);
    expect(failed.output).toContain("Property 'message' does not exist on type");
    const breaking = await workspace.startNx(['proto-breaking', 'inventory-proto']).ended;
    expect(breaking.exitCode).not.toBe(0);
    expect(breaking.output).toContain(
      'Field "1" on message "SayHelloResponse" changed name from "message" to "greeting"',
    );
    await workspace.git('checkout', '--', '.');
  });
});
