import * as z from 'zod';

/** Spread into the variables of a gateway that serves GraphQL. */
export const graphqlGatewayVariables = {
  GRAPHQL_PERSISTED_ONLY: z
    .enum(['on', 'off'])
    .default('off')
    .describe('on: only the operations in src/persisted-operations.json are answered'),
};
