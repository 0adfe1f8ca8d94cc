export { subgraph, type SubgraphContext, type SubgraphOptions } from './graphql/subgraph.js';
export type { Resolver, Resolvers } from './graphql/subgraph-schema.js';
