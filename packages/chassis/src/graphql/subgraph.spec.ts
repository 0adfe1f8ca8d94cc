import { afterEach, expect, it } from 'vitest';
import { subgraph } from '../graphql.js';
import { serviceKeys } from '../service-keys.js';
import {
  ask,
  CATALOG,
  catalogResolvers,
  startCatalog,
  type Running,
} from '../testing/shop-graph.js';

const running: Running[] = [];
afterEach(() => Promise.all(running.splice(0).map(({ service }) => service.stop())));

it('answers queries, entities by their keys, and its schema', async () => {
  const catalog = await startCatalog();
  running.push(catalog);
  const { data } = await ask(catalog, {
    query: `query ($known: [_Any!]!) {
      products(first: 1) { name }
      _entities(representations: $known) { ... on Product { name } }
      _service { sdl }
    }`,
    variables: { known: [{ __typename: 'Product', id: '3' }] },
  });
  expect(data).toMatchObject({ products: [{ name: 'tea' }], _entities: [{ name: 'pot' }] });
  expect(JSON.stringify(data?._service)).toContain('@key(fields: \\"id\\")');
});

it('is guarded as all routes are', async () => {
  const keys = { gateway: 'a key of the gateway' };
  const catalog = await startCatalog(async (app) => {
    await app.register(serviceKeys({ keys }));
  });
  running.push(catalog);
  expect((await ask(catalog, '{ __typename }')).status).toBe(401);
  const answer = await ask(catalog, '{ __typename }', { 'x-service-key': keys.gateway });
  expect(answer.data).toEqual({ __typename: 'Query' });
});

it('is not made with a resolver for what the schema does not have, or with a schema that is wrong', () => {
  const resolvers = { ...catalogResolvers, Query: { prices: () => [] }, Prices: {} };
  expect(() => subgraph({ schema: CATALOG, resolvers })).toThrow(
    'schema.graphql has no Query.prices, no Prices, but there are resolvers for them',
  );
  expect(() => subgraph({ schema: 'type Query {', resolvers: {} })).toThrow('Syntax Error');
});
