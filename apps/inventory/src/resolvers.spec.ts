import { subgraph } from '@org/chassis/graphql';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stockResolvers } from './resolvers.js';
import schema from './schema.graphql';

const app = fastify();

beforeAll(async () => {
  const resolvers = stockResolvers({
    available: (id) => Promise.resolve(id === 'lamp' ? 1 : 0),
    inStock: () => Promise.resolve([{ id: 'lamp', available: 1 }]),
  });
  await app.register(subgraph({ schema, resolvers }));
  await app.ready();
});

afterAll(() => app.close());

async function ask(query: string): Promise<object> {
  const response = await app.inject({ method: 'POST', url: '/graphql', payload: { query } });
  return response.json<object>();
}

it('answers what is in stock', async () => {
  expect(await ask('{ inStock { id available } }')).toEqual({
    data: { inStock: [{ id: 'lamp', available: 1 }] },
  });
});

it('adds what is available to the products of another service', async () => {
  const products = '[{ __typename: "Product", id: "lamp" }, { __typename: "Product", id: "moon" }]';
  const query = `{ _entities(representations: ${products}) { ... on Product { available } } }`;
  expect(await ask(query)).toEqual({ data: { _entities: [{ available: 1 }, { available: 0 }] } });
});
