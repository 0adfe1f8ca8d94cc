import { z } from 'zod';
import { manifestSchema } from '../../platform/manifest';
import type { Problem } from '../../platform/problem';
import { checkYaml, parseYaml, type YamlSource } from '../../platform/yaml-source';
import { parseDatastores } from '../datastore-names';
import { FIELD_TYPES, parseFields } from '../event/fields';

/** The default file of a platform's description. */
export const DESCRIPTION_FILE = 'platform.yml';

const manifest = manifestSchema.shape;

/** A key of the manifest that has a default there, and here none: what is not said is not changed. */
const optional = <Value extends z.ZodType>(key: z.ZodDefault<Value>) =>
  key
    .unwrap()
    .describe(key.description ?? '')
    .optional();

const serviceName = manifest.consumes.unwrap().element;

const datastores = z.array(z.string()).superRefine((names, context) => {
  for (const message of parseDatastores(names).problems) {
    context.addIssue({ code: 'custom', message });
  }
});

/** A service that is called, over HTTP unless it says otherwise. */
const linkSchema = z.union(
  [
    serviceName,
    z.strictObject({
      service: serviceName.describe('The service that it calls'),
      grpc: z.boolean().describe('Whether it calls it over gRPC. Default: false').optional(),
    }),
  ],
  {
    error:
      'is not a link: give the name of a service, or a map such as { service: inventory, grpc: true }',
  },
);

const eventName = manifest.publishes.unwrap().element;

const fields = z.record(z.string(), z.string()).superRefine((given, context) => {
  for (const [name, type] of Object.entries(given)) {
    for (const message of parseFields([`${name}:${type}`]).problems) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  }
});

const eventSchema = z.strictObject({
  publisher: serviceName.describe('The service that publishes it'),
  subscribers: z.array(serviceName).default([]).describe('The services that handle it'),
  fields: fields
    .describe(
      `Its fields, each with its type: ${FIELD_TYPES.join(', ')}; a "?" after the type makes it optional. Default: "id: uuid"`,
    )
    .optional(),
  orderBy: z
    .string()
    .describe(
      'A field by whose value events are handled in order. Default: they can overtake each other',
    )
    .optional(),
});

const shared = {
  kind: optional(manifest.kind),
  framework: z
    .enum(['fastify', 'express'])
    .describe('Framework of its routes. Default: fastify')
    .optional(),
  auth: z
    .enum(['none', 'jwt', 'service-keys'])
    .describe(
      'jwt: every route of its own needs a bearer token; service-keys: a key of each consumer; none unless given',
    )
    .optional(),
  tracing: z
    .boolean()
    .describe('OpenTelemetry traces, if a collector is configured. Default: false')
    .optional(),
  openapi: z
    .boolean()
    .describe('Whether its routes are described; of a gateway, those behind it')
    .optional(),
  datastores: datastores
    .describe('Datastores that it alone owns: postgres, redis, pubsub=redis and so on')
    .optional(),
  broker: manifest.broker
    .unwrap()
    .describe('The message broker; services with events have it anyway')
    .optional(),
};

const serviceSchema = z.strictObject({
  ...shared,
  directory: z.string().min(1).describe('Its folder. Default: apps/<name>').optional(),
  port: manifest.port
    .describe('Port that it listens on. Default: the next free one from 3001')
    .optional(),
  consumes: z
    .array(linkSchema)
    .describe(
      'The services that it calls. A gateway with graphql that names none calls all subgraphs',
    )
    .optional(),
  lambda: manifest.lambda,
  routes: optional(manifest.routes),
  cors: z.array(z.string()).describe('Of a gateway: origins whose pages may call it').optional(),
  rateLimit: z.boolean().describe('Of a gateway: whether callers are limited').optional(),
  grpc: z
    .boolean()
    .describe('Whether it speaks gRPC beside HTTP, with its contract in a library. Default: false')
    .optional(),
  graphql: optional(manifest.graphql),
});

/** `platform.yml` as a person may write it. */
export const descriptionSchema = z
  .strictObject({
    defaults: z
      .strictObject(shared)
      .default({})
      .describe('Defaults for the options of every service'),
    services: z
      .record(serviceName, serviceSchema.nullable())
      .describe('The services by name, each with its options; one without any has no value'),
    events: z
      .record(eventName, eventSchema)
      .default({})
      .describe('The events between services by name, such as order.placed'),
  })
  .describe('A platform: its services, their links and datastores, and the events between them');

/** A service of a description, with the defaults that it does not give itself, and its events. */
export interface DescribedService extends Omit<z.output<typeof serviceSchema>, 'consumes'> {
  name: string;
  consumes?: readonly string[];
  /** Those of them that it calls over gRPC. */
  overGrpc: readonly string[];
  publishes: readonly string[];
  subscribes: readonly string[];
}

export interface DescribedEvent {
  name: string;
  publisher: string;
  subscribers: readonly string[];
  /** As the event generator takes them: `orderId:uuid`. */
  fields: readonly string[];
  orderBy?: string | undefined;
}

export interface PlatformDescription {
  services: readonly DescribedService[];
  events: readonly DescribedEvent[];
  source: YamlSource;
}

/**
 * Reads a description.
 *
 * @returns every problem of its own, and what could be read: so that what contradicts the workspace
 * is found in the same go.
 */
export function readDescription(
  file: string,
  text: string,
): { description?: PlatformDescription; problems: readonly Problem[] } {
  const { source, problems: syntax } = parseYaml(file, text);
  if (!source) return { problems: syntax };
  const { value, problems } = checkYaml(source, descriptionSchema);
  const { defaults, services, events } = value ?? readableParts(source.value);
  const described = Object.entries(events).map(([name, event]) => ({
    ...event,
    name,
    fields: Object.entries(event.fields ?? {}).map((field) => field.join(':')),
  }));
  return {
    description: {
      source,
      services: Object.entries(services).map(([name, own]) => ({
        ...defaultsOf({ ...defaults, ...own }.kind, defaults),
        ...own,
        ...linksOf(own ?? {}),
        ...eventsOf(name, described),
        name,
      })),
      events: described,
    },
    problems,
  };
}

type Defaults = z.output<typeof descriptionSchema>['defaults'];

/** Whether a kind of service has an option: a gateway writes no routes, and a worker has none to describe. */
export function hasOption(kind: Defaults['kind'], option: string): boolean {
  return !(
    (kind === 'gateway' && option === 'framework') ||
    (kind === 'worker' && option === 'openapi')
  );
}

function defaultsOf(kind: Defaults['kind'], defaults: Defaults): Defaults {
  return Object.fromEntries(Object.entries(defaults).filter(([option]) => hasOption(kind, option)));
}

function linksOf({ consumes }: Pick<z.output<typeof serviceSchema>, 'consumes'>) {
  const links = consumes?.map((link) => (typeof link === 'string' ? { service: link } : link));
  return {
    consumes: links?.map(({ service }) => service),
    overGrpc: [
      ...new Set(links?.filter(({ grpc }) => grpc === true).map(({ service }) => service)),
    ],
  };
}

function eventsOf(service: string, events: readonly DescribedEvent[]) {
  const namesWhere = (uses: (event: DescribedEvent) => boolean) =>
    events.filter(uses).map(({ name }) => name);
  return {
    publishes: namesWhere(({ publisher }) => publisher === service),
    subscribes: namesWhere(({ subscribers }) => subscribers.includes(service)),
  };
}

/** The services and events that are valid on their own; a service that is not is there with its name. */
function readableParts(value: unknown): z.output<typeof descriptionSchema> {
  const { shape } = descriptionSchema;
  const { defaults, services, events } = { ...(value as Record<string, unknown> | null) };
  const readEvents = entriesOf(events).flatMap(([name, event]) => {
    const { data } = eventSchema.safeParse(event);
    return data && eventName.safeParse(name).success ? [[name, data] as const] : [];
  });
  return {
    defaults: shape.defaults.safeParse(defaults).data ?? {},
    services: Object.fromEntries(
      entriesOf(services).map(([name, own]) => [
        name,
        serviceSchema.nullable().safeParse(own).data ?? null,
      ]),
    ),
    events: Object.fromEntries(readEvents),
  };
}

/** None if it is not a map. */
function entriesOf(value: unknown): [string, unknown][] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? Object.entries(value) : [];
}
