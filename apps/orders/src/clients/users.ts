import { createClient, type Client } from '@org/chassis/client';
import type { Config } from '../config.js';

/** Calls users: each call ends in time, and is repeated where that is safe. */
export function usersClient(config: Pick<Config, 'MICROSERVICE_USERS_URL'>): Client {
  return createClient('users', {
    url: config.MICROSERVICE_USERS_URL,
  });
}
