import { z } from 'zod';

/** Goes up with every change that a reader of version 1 would misread; new fields alone do not count. */
export const STATUS_VERSION = 1;

const since = z.string().describe('When its oldest container was started, ISO 8601').optional();
const drift = z.array(z.string()).describe('How it differs from what is declared, in words');

const healthSchema = z
  .enum(['healthy', 'starting', 'unhealthy', 'restarting', 'unchecked', 'down'])
  .describe('`unchecked`: a container without a health check runs. `down`: none runs');
export type Health = z.output<typeof healthSchema>;

const serviceSchema = z.object({
  name: z.string(),
  kind: z.enum(['service', 'gateway', 'worker']),
  state: z
    .enum(['in-step', 'drifted', 'not-deployed', 'not-compared'])
    .describe(
      '`not-compared`: it is unknown what should run, because nothing was pushed from here',
    ),
  drift,
  health: healthSchema,
  replicas: z.object({ running: z.int(), wanted: z.int() }),
  key: z.string().describe('The image key that is running').optional(),
  wantedKey: z.string().describe('The image key that was last pushed from here').optional(),
  revision: z.string().describe('The commit that the running image was built from').optional(),
  commitsBehind: z.int().describe('How many commits of the workspace came after it').optional(),
  canary: z
    .object({
      key: z.string().describe('The image key that it runs'),
      weight: z.int().describe('Its share of the requests in percent'),
      header: z.string().describe('Requests with this header go to it, too').optional(),
      ready: z.boolean().describe('Whether it was started to the end; if not, it gets no requests'),
      health: healthSchema,
    })
    .describe('A new version that runs beside it for a share of its requests')
    .optional(),
  since,
  containers: z
    .array(z.string())
    .describe('The containers, pods or tasks of ECS that serve, by name'),
});
export type ServiceStatus = z.output<typeof serviceSchema>;

const backingSchema = z.object({
  name: z.string(),
  engine: z.string().describe('What it is, for example postgres'),
  image: z.string().optional(),
  health: healthSchema,
  since,
  drift,
});
export type BackingStatus = z.output<typeof backingSchema>;

const edgeSchema = z.object({
  image: z.string().optional(),
  health: healthSchema,
  since,
  drift,
  problem: z.string().describe('Why it could not be compared with what is declared').optional(),
  ports: z.array(z.string()).describe('Ports of the host that it holds, such as `0.0.0.0:443`'),
  hosts: z
    .array(
      z.object({
        host: z.string(),
        service: z.string().describe('The service that it forwards to'),
        tls: z.enum(['auto', 'internal', 'own', 'none']),
        url: z.string(),
        certificateUntil: z
          .string()
          .describe('When its certificate expires, ISO 8601; absent if it could not be read')
          .optional(),
      }),
    )
    .describe('Host names that it publishes'),
});
export type EdgeStatus = z.output<typeof edgeSchema>;

/** What `micro status --json` prints; what it prints for people is formatted from the same. */
export const statusSchema = z
  .object({
    version: z.literal(STATUS_VERSION).describe('Version of this format'),
    platform: z.string(),
    environment: z.string(),
    project: z
      .string()
      .describe('The Compose project, the namespace of a cluster, or the cluster of ECS'),
    commit: z.string().describe("The workspace's commit").optional(),
    services: z.array(serviceSchema),
    backing: z
      .array(backingSchema)
      .describe(
        'Datastores and the broker; of a cluster, also what its services have in common, if that drifted',
      ),
    edge: edgeSchema
      .describe('The proxy that holds the published ports; absent if there is none')
      .optional(),
    left: z.array(z.string()).describe('Running services that are no longer in the workspace'),
    notes: z.array(z.string()).describe('What runs elsewhere, and what could not be checked'),
  })
  .describe('What is running in an environment, and how it differs from what is declared');
export type PlatformStatus = z.output<typeof statusSchema>;
