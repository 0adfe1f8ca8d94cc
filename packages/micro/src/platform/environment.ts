import { environmentFile } from './environment-file';
import { z } from 'zod';
import { edgeSchema, publishProblems } from './edge-options';
import { serviceNameProblem } from './name';
import { PlatformError, type Problem } from './problem';
import { publishSchema } from './publish';
import { resourcesSchema } from './resources';
import { secretSourceSchema } from './secret';
import { seconds, secondsOrNone } from './time';
import { unknownServices } from './unknown-services';
import { UserError } from './user-error';
import { checkYaml, parseYaml } from './yaml-source';

const variable = z
  .union([z.string(), z.number(), z.boolean()], {
    error: 'a variable is text, a number, true or false',
  })
  .transform(String);

const secretName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,99}$/,
    'a secret is named as the variable that the service reads, for example STRIPE_KEY',
  );

/** An address for everyone to read: who may call it is told by a secret, not here. */
function address(what: string, example: string) {
  return z
    .url({ protocol: /^https?$/, error: `${what} is an address such as ${example}` })
    .refine((url) => URL.canParse(url) && new URL(url).username + new URL(url).password === '', {
      error: `${what} must not contain a user or a password: give the consumer a secret`,
    });
}

/** Where a service is reached that runs elsewhere. */
const link = address('a link', 'https://billing.example.com');

/** Where people reach a service, whatever stands in front of it. */
const publicUrl = address('the public URL', 'https://shop.example.com');

/** The variable that tells a service where people reach it. */
export const PUBLIC_URL = 'PUBLIC_URL';

/** What differs between the places that a platform is deployed to: `environments/<name>.yml`. */
export const environmentSchema = z
  .strictObject({
    engine: z.enum(['compose']).default('compose').describe('What runs the containers'),
    context: z.string().min(1).describe('The docker context to deploy to').optional(),
    host: z
      .string()
      .regex(/^(ssh|tcp|unix):\/\/.+/, 'the host is an address such as ssh://deploy@example.com')
      .describe('The engine to deploy to, as DOCKER_HOST names it')
      .optional(),
    platform: z
      .string()
      .regex(
        /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/,
        'a platform is for example linux/amd64 or linux/arm64',
      )
      .describe(
        'Platform of its hosts, such as linux/amd64: images are built for it, and others are neither pushed nor deployed',
      )
      .optional(),
    registry: z
      .string()
      .regex(
        /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/,
        'the registry is host[:port][/path], in lower case and without https://',
      )
      .describe(
        'Registry that images are pushed to; without one, the engine must have built them itself',
      )
      .optional(),
    images: z
      .enum(['pushed', 'local'])
      .describe(
        'pushed: run images from the registry, by digest; local: run images that the engine built. Default: pushed if there is a registry',
      )
      .optional(),
    portOffset: z
      .int()
      .min(0)
      .max(60_000)
      .default(0)
      .describe(
        'Number added to each port that Compose files publish, for several environments on one engine; ports under "publish" do not change',
      ),
    project: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9_-]*$/,
        'the Compose project is named with lower-case letters, digits, "-" and "_"',
      )
      .describe('The Compose project name. Default: <platform>-<environment>')
      .optional(),
    healthTimeout: seconds.default(60).describe('How long a container may take to become healthy'),
    steady: secondsOrNone
      .default(2)
      .describe('How long a new container has to stay healthy before the old one is stopped'),
    jobTimeout: seconds
      .default(600)
      .describe('How long a job before a service, such as its migration, may take'),
    lockTimeout: secondsOrNone
      .default(120)
      .describe('How long a deploy waits for another one to end'),
    releases: z
      .int()
      .min(1)
      .default(10)
      .describe('How many releases of each service are kept for rollbacks'),
    olderCommits: z
      .enum(['refuse', 'allow'], { error: 'olderCommits is refuse or allow' })
      .default('refuse')
      .describe(
        'Whether a deploy may replace a running version that has commits the workspace lacks; use allow for branch previews',
      ),
    edge: z
      .union([z.literal(false), edgeSchema], {
        error: 'edge is false, or a map such as { accessLog: json }',
      })
      .describe(
        'Settings of the proxy that holds published ports while services are replaced. false: no proxy; each service holds its own port and is stopped before it is replaced',
      )
      .optional(),
    services: z
      .record(
        z.string(),
        z.strictObject({
          publish: publishSchema
            .describe(
              'Publish it: a port of the host, by default on 127.0.0.1, or host names with HTTPS',
            )
            .optional(),
          url: publicUrl
            .describe(
              'Its public URL, with the host name of the proxy or DNS entry in front; the service gets it as PUBLIC_URL',
            )
            .optional(),
          environment: z
            .record(z.string(), variable)
            .default({})
            .describe('Variables of this service in this environment; no secrets'),
          secrets: z
            .record(secretName, secretSourceSchema)
            .default({})
            .describe(
              'Sources of secret values: the service reads the secret X from the file that X_FILE names',
            ),
          resources: resourcesSchema
            .describe('Resources of each container here, instead of those in its manifest')
            .optional(),
          replicas: z.int().min(1).describe('Number of containers here').optional(),
        }),
      )
      .default({})
      .describe('Overrides for single services'),
    links: z
      .record(z.string(), link)
      .default({})
      .describe('Services that run elsewhere, with the URL for their consumers'),
  })
  .superRefine((environment, context) => {
    if (environment.context && environment.host) {
      context.addIssue({
        code: 'custom',
        path: ['host'],
        message: 'give either a docker context or a host, not both',
      });
    }
    for (const { path, message } of publishProblems(environment.edge, environment.services)) {
      context.addIssue({ code: 'custom', path: ['services', ...path], message });
    }
    for (const [service, one] of Object.entries(environment.services)) {
      const { environment: variables, secrets, url } = one;
      if (url !== undefined && (PUBLIC_URL in variables || PUBLIC_URL in secrets)) {
        context.addIssue({
          code: 'custom',
          path: ['services', service, 'url'],
          message: `the service gets it as ${PUBLIC_URL}, which is also set here: remove one of the two`,
        });
      }
      for (const name of Object.keys(secrets).filter((one) => one in variables)) {
        context.addIssue({
          code: 'custom',
          path: ['services', service, 'secrets', name],
          message: `${name} is also set under "environment": remove it there`,
        });
      }
    }
  })
  .describe('A place to deploy the platform to');

export interface Environment extends z.output<typeof environmentSchema> {
  name: string;
  /** Path relative to the workspace root. */
  file: string;
  images: 'pushed' | 'local';
}

/** What its images come from: nothing else is ever run there. */
export type ImageSource = { kind: 'pushed'; registry: string } | { kind: 'local' };

/**
 * Where the images of an environment come from.
 * @throws {UserError} where it runs pushed images and nobody said where they are pushed to.
 */
export function imageSource({ images, registry, file }: Environment): ImageSource {
  if (images === 'local') return { kind: 'local' };
  if (registry !== undefined) return { kind: 'pushed', registry };
  throw new UserError(
    `${file} is incomplete: it runs pushed images, so add "registry: registry.example.com/acme", and "host: ssh://deploy@example.com" unless it is this machine. To run what its own engine built, replace "images: pushed" by "images: local"`,
  );
}

/** Whether another engine than this machine's own runs the containers. */
export function runsElsewhere({ context, host }: Pick<Environment, 'context' | 'host'>): boolean {
  return context !== undefined || host !== undefined;
}

/** Where a service is reached that does not run in the environment; `undefined` where it does. */
export function elsewhere(
  { links }: Pick<Environment, 'links'>,
  service: string,
): string | undefined {
  return Object.hasOwn(links, service) ? links[service] : undefined;
}

/** A service with the links that it has within the environment. */
export function linkedWithin<S extends { consumes: readonly string[] }>(
  { links }: Pick<Environment, 'links'>,
  service: S,
): S {
  return {
    ...service,
    consumes: service.consumes.filter((name) => elsewhere({ links }, name) === undefined),
  };
}

/**
 * Parses one environment.
 * @param serviceNames names that `services` and `links` may hold; any unless given.
 * @throws {PlatformError} with every problem of the file.
 */
export function parseEnvironment(
  name: string,
  text: string,
  serviceNames?: readonly string[],
): Environment {
  const file = environmentFile(name);
  const { source, problems: syntax } = parseYaml(file, text);
  if (!source) throw new PlatformError(syntax);
  const { value, problems } = checkYaml(source, environmentSchema);
  const all: Problem[] = [...problems];
  const nameProblem = serviceNameProblem(name, "an environment's");
  if (nameProblem) all.push({ file, message: nameProblem });
  if (serviceNames) all.push(...unknownServices(source, serviceNames));
  if (!value || all.length > 0) throw new PlatformError(all);
  const images = value.images ?? (value.registry === undefined ? 'local' : 'pushed');
  return { ...value, images, name, file };
}
