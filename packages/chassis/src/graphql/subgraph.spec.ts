import { afterEach, expect, it } from 'vitest';
import { subgraph, type Resolvers } from '../graphql.js';
import { HttpError } from '../index.js';
import { serviceKeys } from '../service-keys.js';
import {
  ask,
  CATALOG,
  catalogResolvers,
  startCatalog,
  startService,
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

const entities = (service: Running, ids: readonly object[]) =>
  ask(service, {
    query: `query ($known: [_Any!]!) { _entities(representations: $known) { __typename ... on Product { id } } }`,
    variables: { known: ids.map((id) => ({ __typename: 'Product', ...id })) },
  });

async function startOwn(schema: string, resolvers: Resolvers): Promise<Running> {
  const started = await startService('own', async (app) => {
    await app.register(subgraph({ schema, resolvers }));
  });
  running.push(started);
  return started;
}

it('answers the entities that there are, if others fail', async () => {
  const own = await startOwn(CATALOG, {
    Product: {
      __resolveReference({ id }: { id: string }) {
        if (id === '2') throw new HttpError(404, 'there is no product 2');
        return id === '3' ? null : Object.freeze({ id });
      },
    },
  });
  const { data, errors } = await entities(own, [{ id: '1' }, { id: '2' }, { id: '3' }]);
  expect(data).toEqual({ _entities: [{ __typename: 'Product', id: '1' }, null, null] });
  expect(errors).toMatchObject([{ message: 'there is no product 2', path: ['_entities', 1] }]);
  const stranger = await entities(own, [{ __typename: 'Mutation' }]);
  expect(stranger.errors).toMatchObject([{ message: '"Mutation" is no type with a key' }]);
});

it.each([
  ['a type that another subgraph has', 'extend type Product @key(fields: "id") { id: ID! }'],
  [
    'a key with another name',
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [{ name: "@key", as: "@known" }])
    type Product @known(fields: "id") { id: ID! }`,
  ],
  [
    'a key with its namespace',
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5")
    type Product @federation__key(fields: "id") { id: ID! }`,
  ],
  [
    'another name of the query type',
    `schema { query: Root } type Root { a: Int } type Product @key(fields: "id") { id: ID! }`,
  ],
])('knows the entities of %s', async (_what, schema) => {
  const own = await startOwn(schema, {});
  const { data } = await entities(own, [{ id: '7' }]);
  expect(data).toEqual({ _entities: [{ __typename: 'Product', id: '7' }] });
});

it('has no entities without a key', async () => {
  const own = await startOwn('type Query { a: Int }', { Query: { a: () => 1 } });
  expect((await ask(own, '{ a _service { sdl } }')).data).toEqual({
    a: 1,
    _service: { sdl: 'type Query { a: Int }' },
  });
  const { errors } = await ask(own, '{ _entities(representations: []) { __typename } }');
  expect(errors).toMatchObject([{ message: 'Cannot query field "_entities" on type "Query".' }]);
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

it.each([
  ['type Query { a: Int }\n\ntype Subscription { a: Int }', 3],
  [
    'type Query { a: Int }\nschema { query: Query, subscription: Events }\ntype Events { a: Int }',
    2,
  ],
])('is not made with subscriptions: %j', (schema, line) => {
  expect(() => subgraph({ schema, resolvers: {} })).toThrow(
    `schema.graphql:${line}: subscriptions are not supported`,
  );
});

it('is not made with a resolver for what the schema does not have, or with a schema that is wrong', () => {
  const resolvers = { ...catalogResolvers, Query: { prices: () => [] }, Prices: {} };
  expect(() => subgraph({ schema: CATALOG, resolvers })).toThrow(
    'schema.graphql has no Query.prices, no Prices, but there are resolvers for them',
  );
  expect(() => subgraph({ schema: 'type Query {', resolvers: {} })).toThrow('Syntax Error');
  expect(() => subgraph({ schema: 'type Query { a: Price }', resolvers: {} })).toThrow(
    'Unknown type: "Price"',
  );
});
