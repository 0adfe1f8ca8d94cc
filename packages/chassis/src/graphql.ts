export {
  subgraph,
  type Resolver,
  type Resolvers,
  type SubgraphContext,
  type SubgraphOptions,
} from './graphql/subgraph.js';
