import { createClient, type Client } from '@org/chassis/client';
import type { Config } from '../config.js';

/** Calls users. Each call is made on behalf of the user whose request is being answered. */
export function usersClient(config: Pick<Config, 'MICROSERVICE_USERS_URL'>): Client {
  return createClient('users', {
    url: config.MICROSERVICE_USERS_URL,
    forwardAuth: true,
  });
}
