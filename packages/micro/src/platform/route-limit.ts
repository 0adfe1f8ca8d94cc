import { z } from 'zod';

/** The class of callers without a token. */
export const ANONYMOUS = 'anonymous';

const requests = z.int().min(1).max(1_000_000_000);

const className = z.string().refine((name) => /^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(name), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not the name of a class: write letters, digits, ".", "_", ":" and "-", such as partner`,
});

/** Whether calls are limited, on a gateway with a rate limit. */
export const rateLimitSchema = z.union(
  [
    z.enum(['off']),
    z.strictObject({
      perMinute: requests.describe('Requests of each caller in a minute'),
      classes: z
        .record(className, requests)
        .describe('Other numbers for classes of callers; those without a token are "anonymous"')
        .optional(),
    }),
  ],
  { error: 'is not a limit: write off, or a map such as { perMinute: 60 }' },
);

/** The classes that only a token can name. */
export function namedClasses(limit: z.output<typeof rateLimitSchema> | undefined): string[] {
  return typeof limit === 'object'
    ? Object.keys(limit.classes ?? {}).filter((name) => name !== ANONYMOUS)
    : [];
}
