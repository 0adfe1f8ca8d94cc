import { createService, type Service } from '@org/chassis';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { subscriptions } from './subscriptions.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  resources.broker.subscribe(subscriptions(resources));
  return createService({
    name: 'notifications',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
    tracing: () => import('@org/chassis/tracing'),
  });
}
