import type { Config as ConfigOf } from '@org/chassis';
import * as z from 'zod';
import { resourceVariables } from './resources.js';
import { links } from './links.js';

/** Checked at start, with what every service has: PORT, LOG_LEVEL and so on. */
export const variables = {
  ...links,
  ...resourceVariables,
  JWT_JWKS_URL: z.url().describe('where the issuer publishes its keys'),
  JWT_ISSUER: z.string().min(1).describe('what "iss" of a token must be'),
  PAYMENT_DEADLINE_MS: z.coerce
    .number()
    .int()
    .min(1000)
    .default(300_000)
    .describe('after which an order is given up whose payment nobody answered'),
  JWT_AUDIENCE: z.string().default('platform').describe('what "aud" of a token must contain'),
};

export type Config = ConfigOf<typeof variables>;
