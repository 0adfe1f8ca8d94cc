import { createClient, type Client } from '@org/chassis/client';
import type { Config } from '../config.js';

/** A gateway gets no client, as it only passes calls on; this one also calls users itself. */
export function usersClient(config: Pick<Config, 'MICROSERVICE_USERS_URL'>): Client {
  return createClient('users', { url: config.MICROSERVICE_USERS_URL });
}
