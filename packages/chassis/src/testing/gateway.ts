import { freePort } from '../../../../tools/testing/free-port.js';
import { gateway, type GatewayOptions } from '../gateway/gateway.js';
import { createService, readConfig, type Service } from '../index.js';
import { loggerOptions } from '../telemetry/logger.js';
import { logLines } from './log-lines.js';

export interface TestGateway {
  url: string;
  lines: Record<string, unknown>[];
  service: Service;
}

/** A listening gateway, composed like a generated one. The caller must stop it. */
export async function startGateway(
  options: GatewayOptions,
  before: (app: Service['app']) => Promise<void> = () => Promise.resolve(),
): Promise<TestGateway> {
  const env = { NODE_ENV: 'test', HOST: '127.0.0.1', PORT: String(await freePort()) };
  const config = readConfig('gateway', {}, { ...env, STOP_DELAY_MS: '50' });
  const { lines, stream } = logLines();
  const proxied = gateway(options);
  const service = createService({
    name: 'gateway',
    config,
    health: proxied.health,
    fastify: { logger: { ...loggerOptions('gateway', config), stream } },
    routes: async (app) => {
      await before(app);
      await app.register(proxied.routes);
    },
  });
  await service.start();
  return { url: `http://127.0.0.1:${config.PORT}`, lines, service };
}
