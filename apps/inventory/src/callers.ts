// Kept by `nx sync` from service.yml: the services that may call this one.
import { secret, type Config } from '@org/chassis';
import * as z from 'zod';

export const callerVariables = {
  CALLER_GATEWAY_KEY: secret(z.string().min(16)),
  CALLER_ORDERS_KEY: secret(z.string().min(16)),
};

export function callerKeys(config: Config<typeof callerVariables>) {
  return {
    gateway: config.CALLER_GATEWAY_KEY,
    orders: config.CALLER_ORDERS_KEY,
  };
}
