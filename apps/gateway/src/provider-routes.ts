// Kept by `nx sync` from service.yml: the public routes of the services that this gateway consumes.
import type { Aggregate, Provider } from '@org/chassis/gateway';
import type { Config } from './config.js';

export function providerRoutes(config: Config): (Aggregate | Provider)[] {
  return [
    {
      service: 'users',
      url: config.MICROSERVICE_USERS_URL,
      routes: [
        {
          path: '/api/users',
          auth: 'none',
        },
      ],
    },
    {
      service: 'orders',
      url: config.MICROSERVICE_ORDERS_URL,
      routes: [
        {
          path: '/api/orders',
        },
        {
          path: '/api/orders/products',
          auth: 'none',
        },
      ],
    },
    {
      path: '/api/me',
      parts: {
        user: {
          service: 'users',
          url: config.MICROSERVICE_USERS_URL,
          path: '/api/users/me',
          required: true,
        },
        orders: {
          service: 'orders',
          url: config.MICROSERVICE_ORDERS_URL,
          path: '/api/orders',
        },
        products: {
          service: 'orders',
          url: config.MICROSERVICE_ORDERS_URL,
          path: '/api/orders/products',
        },
      },
    },
  ];
}
