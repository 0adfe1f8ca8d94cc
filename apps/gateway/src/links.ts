// Kept by `nx sync` from service.yml: the services that this one calls.
import { secret } from '@org/chassis';
import * as z from 'zod';

export const links = {
  MICROSERVICE_USERS_URL: z.url(),
  MICROSERVICE_ORDERS_URL: z.url(),
  MICROSERVICE_INVENTORY_URL: z.url(),
  MICROSERVICE_INVENTORY_GRPC_URL: z.url(),
  MICROSERVICE_INVENTORY_KEY: secret(z.string().min(16)),
};
