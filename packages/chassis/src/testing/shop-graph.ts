import { composeServices } from '@theguild/federation-composition';
import type { FastifyInstance } from 'fastify';
import { parse } from 'graphql';
import { freePort } from '../../../../tools/testing/free-port.js';
import { graphqlGateway, type GraphqlGatewayOptions } from '../graphql-gateway.js';
import { subgraph, type Resolvers } from '../graphql.js';
import { createService, HttpError, readConfig, type Service } from '../index.js';
import { loggerOptions } from '../telemetry/logger.js';
import { logLines } from './log-lines.js';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])`;

export const CATALOG = `${LINK}
type Query {
  products(first: Int): [Product!]!
  product(id: ID!): Product
  fails: String
}
type Mutation {
  rename(id: ID!, name: String!): Product
}
type Product @key(fields: "id") {
  id: ID!
  name: String!
}
`;

export const REVIEWS = `${LINK}
type Query {
  latestReviews: [Review!]
}
type Review {
  text: String!
  product: Product
}
type Product @key(fields: "id") {
  id: ID!
  reviews: [Review!]
}
`;

const PRODUCTS = ['tea', 'cup', 'pot'].map((name, index) => ({ id: String(index + 1), name }));
const byId = (id: string) => PRODUCTS.find((one) => one.id === id);

export const catalogResolvers: Resolvers = {
  Query: {
    products: (_parent, { first }: { first?: number }) => PRODUCTS.slice(0, first ?? 10),
    product(_parent, { id }: { id: string }) {
      const found = byId(id);
      if (!found) throw new HttpError(404, `product ${id} does not exist`);
      return found;
    },
    fails() {
      throw new Error('the password is hunter2');
    },
  },
  Mutation: { rename: (_parent, { id, name }: { id: string; name: string }) => ({ id, name }) },
  Product: { __resolveReference: ({ id }: { id: string }) => byId(id) },
};

const reviewOf = (id: string) => ({
  text: `review of ${id}`,
  product: { __typename: 'Product', id },
});

export const reviewsResolvers: Resolvers = {
  Query: { latestReviews: () => ['2', '3'].map(reviewOf) },
  Product: {
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    reviews: ({ id }: { id: string }) => [reviewOf(id)],
  },
};

export const SUPERGRAPH = composeServices([
  { name: 'catalog', typeDefs: parse(CATALOG), url: '' },
  { name: 'reviews', typeDefs: parse(REVIEWS), url: '' },
]).supergraphSdl!;

export interface Running {
  url: string;
  service: Service;
  lines: Record<string, unknown>[];
}

/** A listening service. The caller must stop it. */
export async function startService(
  name: string,
  routes: (app: FastifyInstance) => void | Promise<void>,
): Promise<Running> {
  const env = { NODE_ENV: 'test', HOST: '127.0.0.1', PORT: String(await freePort()) };
  const config = readConfig(name, {}, { ...env, STOP_DELAY_MS: '10' });
  const { lines, stream } = logLines();
  const logger = { ...loggerOptions(name, config), stream };
  const service = createService({
    name,
    config,
    fastify: { logger },
    routes: async (app) => routes(app),
  });
  await service.start();
  return { url: `http://127.0.0.1:${config.PORT}`, service, lines };
}

export function startCatalog(before: (app: FastifyInstance) => void | Promise<void> = () => {}) {
  return startService('catalog', async (app) => {
    await before(app);
    await app.register(subgraph({ schema: CATALOG, resolvers: catalogResolvers }));
  });
}

export function startReviews(before: (app: FastifyInstance) => void | Promise<void> = () => {}) {
  return startService('reviews', async (app) => {
    await before(app);
    await app.register(subgraph({ schema: REVIEWS, resolvers: reviewsResolvers }));
  });
}

export function startGraphqlGateway(
  options: Omit<GraphqlGatewayOptions, 'supergraph'>,
  before: (app: FastifyInstance) => void | Promise<void> = () => {},
) {
  return startService('gateway', async (app) => {
    await before(app);
    await app.register(graphqlGateway({ supergraph: SUPERGRAPH, ...options }));
  });
}

export interface GraphqlAnswer {
  status: number;
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
}

export async function ask(
  { url }: Running,
  body: string | object,
  headers: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(typeof body === 'string' ? { query: body } : body),
  });
  return { status: response.status, ...((await response.json()) as object) };
}
