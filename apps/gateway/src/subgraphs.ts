// Kept by `nx sync` from service.yml: the subgraphs that this gateway consumes, and where they are.
import type { Subgraph } from '@org/chassis/graphql-gateway';
import type { Config } from './config.js';

export function subgraphs(config: Config): Subgraph[] {
  return [
    {
      name: 'inventory',
      url: config.MICROSERVICE_INVENTORY_URL,
      serviceKey: config.MICROSERVICE_INVENTORY_KEY,
    },
    {
      name: 'orders',
      url: config.MICROSERVICE_ORDERS_URL,
    },
  ];
}
