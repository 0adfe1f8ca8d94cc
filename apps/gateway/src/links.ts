// Kept by `nx sync` from service.yml: the services that this one calls.
import * as z from 'zod';

export const links = {
  MICROSERVICE_USERS_URL: z.url(),
  MICROSERVICE_ORDERS_URL: z.url(),
};
