import { z } from 'zod';
import { secretSourceSchema } from './secret';
import { seconds, secondsOrNone } from './time';

/** The keys of environments of either engine. */

const variable = z
  .union([z.string(), z.number(), z.boolean()], {
    error: 'a variable is text, a number, true or false',
  })
  .transform(String);

export const secretName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,99}$/,
    'a secret is named as the variable that the service reads, for example STRIPE_KEY',
  );

/** This address is in a file that everyone can read. Access must be restricted by a secret, not by the address. */
export function address(what: string, example: string) {
  return z
    .url({ protocol: /^https?$/, error: `${what} is an address such as ${example}` })
    .refine((url) => URL.canParse(url) && new URL(url).username + new URL(url).password === '', {
      error: `${what} must not contain a user or a password: give the consumer a secret`,
    });
}

/** The address of a service that runs outside of the environment. */
const link = address('a link', 'https://billing.example.com');

/** The address at which people reach a service, whatever proxy is in front of it. */
export const publicUrl = address('the public URL', 'https://shop.example.com');

/** The variable that tells a service its public address. */
export const PUBLIC_URL = 'PUBLIC_URL';

export const platformOfHosts = z
  .string()
  .regex(
    /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/,
    'a platform is for example linux/amd64 or linux/arm64',
  )
  .describe(
    'Platform of its hosts, such as linux/amd64: images are built for it, and others are neither pushed nor deployed',
  );

export const registry = z
  .string()
  .regex(
    /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/,
    'the registry is host[:port][/path], in lower case and without https://',
  )
  .describe(
    'Registry that images are pushed to; without one, the engine must have built them itself',
  );

export const jobTimeout = seconds
  .default(600)
  .describe('How long a job before a service, such as its migration, may take');

export const lockTimeout = secondsOrNone
  .default(120)
  .describe('How long a deploy waits for another one to end');

export const releases = z
  .int()
  .min(1)
  .default(10)
  .describe('How many releases of each service are kept for rollbacks');

export const olderCommits = z
  .enum(['refuse', 'allow'], { error: 'olderCommits is refuse or allow' })
  .default('refuse')
  .describe(
    'Whether a deploy may replace a running version that has commits the workspace lacks; use allow for branch previews',
  );

export const links = z
  .record(z.string(), link)
  .default({})
  .describe('Services that run elsewhere, with the URL for their consumers');

export const variablesSchema = z
  .record(z.string(), variable)
  .default({})
  .describe('Variables of this service in this environment; no secrets');

export const secretsSchema = z
  .record(secretName, secretSourceSchema)
  .default({})
  .describe(
    'Sources of secret values: the service reads the secret X from the file that X_FILE names',
  );

/** Variables that an environment sets twice for a service. */
export function variableProblems(one: {
  environment: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, unknown>>;
  url?: string | undefined;
}): { path: readonly string[]; message: string }[] {
  const { environment: variables, secrets, url } = one;
  const urlTwice = url !== undefined && (PUBLIC_URL in variables || PUBLIC_URL in secrets);
  return [
    ...(urlTwice
      ? [
          {
            path: ['url'],
            message: `the service gets it as ${PUBLIC_URL}, which is also set here: remove one of the two`,
          },
        ]
      : []),
    ...Object.keys(secrets)
      .filter((name) => name in variables)
      .map((name) => ({
        path: ['secrets', name],
        message: `${name} is also set under "environment": remove it there`,
      })),
  ];
}
