import { createService, type Service } from '@org/chassis';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { helloRoutes } from './routes/hello.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  return createService({
    name: 'gateway',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
    routes: (app) => {
      helloRoutes(app);
    },
  });
}
