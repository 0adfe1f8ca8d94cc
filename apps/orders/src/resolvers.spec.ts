import { subgraph } from '@org/chassis/graphql';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Order } from './order-store.js';
import { shopResolvers } from './resolvers.js';
import schema from './schema.graphql';

const LAMP = { id: 'lamp', name: 'Lamp', price: 4900 };
const ORDER: Order = {
  id: 'o1',
  customerId: 'c1',
  email: 'ada@example.com',
  status: 'cancelled',
  total: 4900,
  reason: 'no money',
};

const app = fastify();

beforeAll(async () => {
  app.decorateRequest('user', null);
  app.addHook('onRequest', async (request) => {
    request.user = { sub: String(request.headers['x-customer']) };
  });
  const ordersOf = (customer: string) =>
    [ORDER].filter(({ customerId }) => customerId === customer);
  const resolvers = shopResolvers({
    products: () => Promise.resolve([LAMP]),
    orders: (customer) => Promise.resolve(ordersOf(customer)),
    order: (customer, id) => Promise.resolve(ordersOf(customer).find((one) => one.id === id)),
  });
  await app.register(subgraph({ schema, resolvers }));
  await app.ready();
});

afterAll(() => app.close());

async function ask(query: string, customer = 'c1'): Promise<object> {
  const response = await app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'x-customer': customer },
    payload: { query },
  });
  return response.json<object>();
}

it('answers with products, and with the orders of the customer who asks', async () => {
  expect(await ask('{ products { id name price } orders { id status total reason } }')).toEqual({
    data: {
      products: [LAMP],
      orders: [{ id: 'o1', status: 'cancelled', total: 4900, reason: 'no money' }],
    },
  });
  expect(await ask('{ orders { id } }', 'c2')).toEqual({ data: { orders: [] } });
});

it('shows an order to nobody else', async () => {
  const entity = '_entities(representations: [{ __typename: "Order", id: "o1" }])';
  const query = `{ ${entity} { ... on Order { status } } }`;
  expect(await ask(query)).toEqual({ data: { _entities: [{ status: 'cancelled' }] } });
  expect(await ask(query, 'c2')).toMatchObject({ errors: [{ message: 'there is no order o1' }] });
});
