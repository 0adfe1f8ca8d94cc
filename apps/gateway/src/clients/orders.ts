import { createClient, type Client } from '@org/chassis/client';
import type { Config } from '../config.js';

/** Calls orders: each call ends in time, and is repeated where that is safe. */
export function ordersClient(config: Pick<Config, 'MICROSERVICE_ORDERS_URL'>): Client {
  return createClient('orders', {
    url: config.MICROSERVICE_ORDERS_URL,
  });
}
