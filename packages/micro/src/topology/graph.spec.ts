import { describe, expect, it } from 'vitest';
import { shopTopology } from '../testing/example-topology';
import { platformOf } from '../testing/platform';
import { topologyOf } from './graph';

describe('topologyOf', () => {
  it('reads who is linked with whom', () => {
    const { services, links, broker } = shopTopology();
    const orders = services.find(({ name }) => name === 'orders');
    expect(orders).toEqual({
      name: 'orders',
      kind: 'service',
      root: 'apps/orders',
      port: 3001,
      replicas: 1,
      expose: 'public',
      routes: ['/api/orders'],
      datastores: [
        { name: 'orders-database', purpose: 'database', engine: 'postgres' },
        { name: 'orders-cache', purpose: 'cache', engine: 'redis' },
      ],
      consumes: ['catalog', 'users'],
      consumedBy: ['gateway'],
      publishes: ['order.cancelled', 'order.placed'],
      subscribes: [],
      broker: true,
    });
    expect(links).toContainEqual({ consumer: 'orders', provider: 'users', routes: [] });
    expect(broker).toEqual({
      name: 'broker',
      engine: 'rabbitmq',
      users: ['catalog', 'mailer', 'orders'],
    });
  });

  it('lists what a gateway serves for each provider: its public routes', () => {
    expect(shopTopology().links.filter(({ consumer }) => consumer === 'gateway')).toEqual([
      { consumer: 'gateway', provider: 'catalog', routes: [] },
      { consumer: 'gateway', provider: 'orders', routes: ['/api/orders'] },
      { consumer: 'gateway', provider: 'users', routes: ['/api/users'] },
    ]);
  });

  it('puts publishers and subscribers of an event together', () => {
    expect(shopTopology().events).toEqual([
      { name: 'order.cancelled', publishers: ['orders'], subscribers: ['mailer'] },
      { name: 'order.placed', publishers: ['orders'], subscribers: ['catalog', 'mailer'] },
    ]);
  });

  it('accepts routes that are objects', () => {
    const platform = platformOf({ orders: 'port: 3001\n' });
    const routes = [{ path: '/api/orders', auth: 'none' }, '/x'] as unknown as string[];
    const services = [{ ...platform.services[0]!, routes }];
    expect(topologyOf({ ...platform, services }).services[0]!.routes).toEqual([
      '/api/orders',
      '/x',
    ]);
  });

  it('is empty without services', () => {
    expect(topologyOf(platformOf({}))).toEqual({
      platform: 'acme',
      services: [],
      links: [],
      events: [],
    });
  });
});
