import type { Config as ConfigOf } from '@org/chassis';
import { graphqlGatewayVariables } from '@org/chassis/graphql-gateway';
import * as z from 'zod';
import { resourceVariables } from './resources.js';
import { links } from './links.js';

/** Checked at startup, together with the variables of every service, such as PORT and LOG_LEVEL. */
export const variables = {
  ...links,
  ...resourceVariables,
  ...graphqlGatewayVariables,
  JWT_JWKS_URL: z.url().describe('where the issuer publishes its keys'),
  JWT_ISSUER: z.string().min(1).describe('the required "iss" of a token'),
  JWT_AUDIENCE: z.string().default('platform').describe('the required "aud" of a token'),
  RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(300)
    .describe('requests per minute that one caller may send'),
};

export type Config = ConfigOf<typeof variables>;
