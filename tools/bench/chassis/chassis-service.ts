import { createService, runService } from '@org/chassis';
import { workRoutes } from './work-routes.ts';

/** The same route on the chassis, as a generated service has it. */
await runService('work', {}, (config) =>
  createService({
    name: 'work',
    config,
    metrics: () => import('@org/chassis/metrics'),
    routes: workRoutes,
  }),
);
