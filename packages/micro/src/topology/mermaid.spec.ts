import { describe, expect, it } from 'vitest';
import { shopTopology } from '../testing/example-topology';
import { platformOf } from '../testing/platform';
import { topologyOf } from './graph';
import { renderMermaid } from './mermaid';

describe('renderMermaid', () => {
  it('draws all of a platform', () => {
    expect(renderMermaid(shopTopology())).toBe(`flowchart LR
  outside([outside])
  service_catalog["catalog<br>:3003 ×2"]
  store_catalog_database[("mongodb<br>database")]
  service_gateway[/"gateway<br>:3000"\\]
  service_mailer[["mailer<br>:3004"]]
  service_orders["orders<br>:3001"]
  store_orders_database[("postgres<br>database")]
  store_orders_cache[("redis<br>cache")]
  service_users["users<br>:3002"]
  store_users_database[("postgres<br>database")]
  subgraph platform_broker["broker (rabbitmq)"]
    event_order_cancelled>"order.cancelled"]
    event_order_placed>"order.placed"]
  end
  outside --> service_gateway
  service_gateway --> service_catalog
  service_gateway -- "/api/orders" --> service_orders
  service_gateway -- "/api/users" --> service_users
  service_mailer --> service_users
  service_orders --> service_catalog
  service_orders --> service_users
  service_catalog --- store_catalog_database
  service_orders --- store_orders_database
  service_orders --- store_orders_cache
  service_users --- store_users_database
  service_orders -. publishes .-> event_order_cancelled
  event_order_cancelled -.-> service_mailer
  service_orders -. publishes .-> event_order_placed
  event_order_placed -.-> service_catalog
  event_order_placed -.-> service_mailer
`);
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'flowchart LR\n'],
    [
      "a name that is Mermaid's own word",
      { end: 'port: 3001\n' },
      'flowchart LR\n  service_end["end<br>:3001"]\n',
    ],
    [
      'a broker without events',
      { orders: 'port: 3001\nbroker: rabbitmq\n' },
      'flowchart LR\n  service_orders["orders<br>:3001"]\n  platform_broker{{"broker<br>rabbitmq"}}\n  service_orders -.- platform_broker\n',
    ],
  ])('draws %s', (_, manifests, text) => {
    expect(renderMermaid(topologyOf(platformOf(manifests)))).toBe(text);
  });
});
