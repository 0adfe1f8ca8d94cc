import { z } from 'zod';
import { aggregateSchema } from './aggregate';
import { checkedText } from './checked-text';
import { BROKERS, CACHE_ENGINES, DATABASE_ENGINES } from './datastore';
import { EVENT_NAME, eventNameProblem } from './event';
import { serviceName } from './name-schema';
import type { Problem } from './problem';
import { resourcesSchema } from './resources';
import { routeSchema } from './route';
import { checkYaml, parseYaml, type YamlSource } from './yaml-source';

export const MANIFEST_FILE = 'service.yml';

/** The first port that is assigned; ports below 1024 need privileges that our images do not have. */
export const FIRST_PORT = 3001;

const eventName = checkedText(eventNameProblem, EVENT_NAME);

const portRange = {
  error: ({ input }: { input?: unknown }) => `${String(input)} is not between 1024 and 65535`,
};

/** Files outside of the project never get into an image. Symbolic links are checked at the build. */
const assetGlob = z
  .string()
  .refine(
    (glob) => !/^(?:[/\\~]|[a-z]:)/i.test(glob) && !/(?:^|[/\\{,(|])\.\.(?:$|[/\\},)|])/.test(glob),
    {
      error: ({ input }) =>
        `${JSON.stringify(input)} is outside the project: assets must be files of the project; copy it there, or give a secret by "secrets" of an environment`,
    },
  );

/** `service.yml` as a person writes it: every key except the port has a default. */
export const manifestSchema = z
  .strictObject({
    kind: z
      .enum(['service', 'gateway', 'worker'])
      .default('service')
      .describe('service: reached by other services; gateway: published; worker: no inbound calls'),
    port: z
      .int()
      .min(1024, portRange)
      .max(65535, portRange)
      .describe('Port that the service listens on, unique in the platform'),
    grpcPort: z
      .int()
      .min(1024, portRange)
      .max(65535, portRange)
      .describe(
        'Of a service that speaks gRPC: its port for that (HTTP/2 without TLS), unique in the platform -> GRPC_PORT',
      )
      .optional(),
    graphql: z
      .boolean()
      .default(false)
      .describe(
        'Of a service: it is a subgraph, whose schema is src/schema.graphql. Of a gateway: it answers GraphQL from the subgraphs that it consumes',
      ),
    consumes: z
      .array(serviceName)
      .default([])
      .describe(
        'Services that this one calls; each becomes MICROSERVICE_<NAME>_URL, and MICROSERVICE_<NAME>_GRPC_URL if it speaks gRPC',
      ),
    datastores: z
      .strictObject({
        database: z
          .enum(DATABASE_ENGINES)
          .describe('-> DATABASE_URL; mongodb is experimental')
          .optional(),
        cache: z.enum(CACHE_ENGINES).describe('-> CACHE_REDIS_URL').optional(),
        pubsub: z.enum(CACHE_ENGINES).describe('-> PUBSUB_REDIS_URL').optional(),
        'rate-limit': z.enum(CACHE_ENGINES).describe('-> RATE_LIMIT_REDIS_URL').optional(),
      })
      .default({})
      .describe('Datastores that this service alone owns'),
    broker: z.enum(BROKERS).describe('The message broker -> BROKER_URL').optional(),
    publishes: z
      .array(eventName)
      .default([])
      .describe('Events that this service publishes, each with a contract in packages/contracts'),
    subscribes: z
      .array(eventName)
      .default([])
      .describe('Events that this service handles, each in src/events'),
    auth: z
      .enum(['service-keys'])
      .describe(
        'service-keys: only services that consume it may call it, each with a key of its own',
      )
      .optional(),
    expose: z
      .enum(['internal', 'public'])
      .default('internal')
      .describe('public: reached from outside through a gateway route'),
    routes: z
      .array(routeSchema)
      .default([])
      .describe('Path prefixes under which a gateway serves this service'),
    aggregates: z
      .array(aggregateSchema)
      .default([])
      .describe('Paths of a gateway, each answered with the answers of several services'),
    callerClass: z
      .string()
      .min(1)
      .describe('Of a gateway: the claim of the token that names the class of a caller')
      .optional(),
    resources: resourcesSchema.default({}).describe('Resources of each container'),
    replicas: z.int().min(1).default(1).describe('Number of containers'),
    lambda: z
      .boolean()
      .describe(
        'true: it can be an AWS Lambda function, too: src/lambda.ts, and the target lambda-build',
      )
      .optional(),
    build: z
      .strictObject({
        entry: z.string().default('src/main.ts').describe('Entry file, relative to the project'),
        external: z
          .array(z.string())
          .default([])
          .describe('Packages installed in the image instead of bundled; native addons are found'),
        assets: z
          .array(assetGlob)
          .default([])
          .describe('More files for the image, as globs relative to the project'),
      })
      .prefault({})
      .describe('How the artifact is built'),
  })
  .describe('What a service of the platform is');

export type Manifest = z.output<typeof manifestSchema>;

/** A parsed manifest, with its source to report the lines of later problems. */
export interface ReadManifest {
  manifest: Manifest;
  source: YamlSource;
}

/** Parses the text of one `service.yml`; every problem has its file and line. */
export function parseManifest(
  file: string,
  text: string,
): { read?: ReadManifest; problems: readonly Problem[] } {
  const { source, problems } = parseYaml(file, text);
  if (!source) return { problems };
  const checked = checkYaml(source, manifestSchema);
  return checked.value
    ? { read: { manifest: checked.value, source }, problems: [] }
    : { problems: checked.problems };
}
