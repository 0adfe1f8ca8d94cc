import { z } from 'zod';
import { CREDENTIALS, headerName } from './route-changes';

const varyingHeader = headerName.refine((name) => !CREDENTIALS.includes(name.toLowerCase()), {
  error: ({ input }) => `"${String(input)}" says who calls: write "authorized: per-caller" instead`,
});

/** Whether a gateway keeps the answers of a route for later callers. */
export const routeCache = z.strictObject({
  seconds: z
    .int()
    .min(0)
    .max(31_536_000)
    .describe(
      'How long an answer is fresh that does not say so itself. Default: 0, it is validated each time',
    )
    .optional(),
  vary: z
    .array(varyingHeader)
    .describe('Request headers on which answers depend, beside those in their Vary')
    .optional(),
  authorized: z
    .enum(['per-caller', 'shared'])
    .describe(
      'Answers to requests with a token or a cookie; per-caller: each caller has its own; shared: all have the same. Default: they are not kept',
    )
    .optional(),
  maxBytes: z
    .int()
    .min(65_536)
    .max(1_073_741_824)
    .describe('Memory for the answers of the route in each replica. Default: 16 777 216')
    .optional(),
});
