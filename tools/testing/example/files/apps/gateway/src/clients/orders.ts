import { createClient, type Client } from '@org/chassis/client';
import type { Config } from '../config.js';

/** A gateway gets no client, as it only passes calls on; this one also calls orders itself. */
export function ordersClient(config: Pick<Config, 'MICROSERVICE_ORDERS_URL'>): Client {
  return createClient('orders', { url: config.MICROSERVICE_ORDERS_URL });
}
