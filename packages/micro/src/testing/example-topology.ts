import { topologyOf, type Topology } from '../topology/graph';
import { platformOf } from './platform';

/** A shop with one of everything that a picture shows. */
export const SHOP: Readonly<Record<string, string>> = {
  gateway: 'kind: gateway\nport: 3000\nconsumes: [catalog, orders, users]\n',
  orders:
    'port: 3001\nconsumes: [catalog, users]\nbroker: rabbitmq\npublishes: [order.placed, order.cancelled]\nexpose: public\nroutes: [/api/orders]\ndatastores:\n  database: postgres\n  cache: redis\n',
  users: 'port: 3002\nexpose: public\nroutes: [/api/users]\ndatastores:\n  database: postgres\n',
  catalog:
    'port: 3003\nreplicas: 2\nbroker: rabbitmq\nsubscribes: [order.placed]\ndatastores:\n  database: mongodb\n',
  mailer:
    'kind: worker\nport: 3004\nconsumes: [users]\nbroker: rabbitmq\nsubscribes: [order.placed, order.cancelled]\n',
};

export function shopTopology(): Topology {
  return topologyOf(platformOf(SHOP));
}

/** A platform of that many services, each calling a few of those after it; always the same. */
export function largeTopology(count: number): Topology {
  const words = ['billing', 'catalog', 'mail', 'orders', 'search', 'stock', 'users'];
  const kindOf = (index: number) =>
    index < 2 ? 'gateway' : index > count - 5 ? 'worker' : 'service';
  const name = (index: number) => `${words[index % words.length]}-${index}`;
  const manifests = Array.from({ length: count }, (_, index) => {
    const calls = Array.from(
      { length: index < 2 ? 6 : index % 3 },
      (_, call) => index + 1 + ((index * 7 + call * 11) % 19),
    );
    const consumes = [...new Set(calls.filter((other) => other < count))].map(name);
    const datastores = index % 3 === 0 ? 'datastores:\n  database: postgres\n' : '';
    return [
      name(index),
      `kind: ${kindOf(index)}\nport: ${3001 + index}\nconsumes: [${consumes.join(', ')}]\n${datastores}`,
    ] as const;
  });
  return topologyOf(platformOf(Object.fromEntries(manifests)));
}
