import { buildSync } from 'esbuild';

/** A service of the chassis that answers its routes with its version. */
export function serviceProgram(name: string, path: string): string {
  return bundle(`
import { createService, runService } from '@org/chassis';
await runService('${name}', {}, (config) =>
  createService({
    name: '${name}',
    config,
    routes: async (app) => void app.get('${path}', async () => process.env.VERSION),
  }),
);
`);
}

/** A gateway of the chassis in front of one service: the header `x-gateway` has its version. */
export function gatewayProgram(name: string, provider: { service: string; path: string }): string {
  const { service, path } = provider;
  return bundle(`
import { createService, runService } from '@org/chassis';
import { gateway } from '@org/chassis/gateway';
await runService('${name}', {}, (config) => {
  const url = process.env.MICROSERVICE_${service.toUpperCase()}_URL;
  const proxy = gateway({ providers: [{ service: '${service}', url, routes: [{ path: '${path}' }] }] });
  return createService({
    name: '${name}',
    config,
    health: proxy.health,
    routes: async (app) => {
      app.addHook('onSend', async (request, reply) => void reply.header('x-gateway', process.env.VERSION));
      await app.register(proxy.routes);
    },
  });
});
`);
}

/** One file, as `nx build` makes them. */
function bundle(source: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    write: false,
  });
  return outputFiles[0]!.text;
}
