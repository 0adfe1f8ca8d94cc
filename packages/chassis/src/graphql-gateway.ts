export { graphqlGateway, type GraphqlGatewayOptions, type Subgraph } from './graphql/gateway.js';
export type { QueryLimits } from './graphql/query-limits.js';
export type { PersistedOptions } from './graphql/persisted-operations.js';
export { graphqlGatewayVariables } from './graphql/variables.js';
