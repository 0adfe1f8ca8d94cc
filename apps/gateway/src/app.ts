import { createService, type Service } from '@org/chassis';
import type { Config } from './config.js';
import { connectDatastores } from './datastores.js';
import { helloRoutes } from './routes/hello.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, datastores = connectDatastores(config)): Service {
  return createService({
    name: 'gateway',
    config,
    resources: Object.values(datastores),
    metrics: () => import('@org/chassis/metrics'),
    routes: (app) => {
      helloRoutes(app);
    },
  });
}
