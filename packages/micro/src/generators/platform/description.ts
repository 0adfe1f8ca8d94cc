import { z } from 'zod';
import { manifestSchema } from '../../platform/manifest';
import type { Problem } from '../../platform/problem';
import { checkYaml, parseYaml, type YamlSource } from '../../platform/yaml-source';
import { parseDatastores } from '../datastore-names';

/** Where a platform is described unless the generator is told otherwise. */
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

const shared = {
  kind: optional(manifest.kind),
  framework: z
    .enum(['fastify', 'express'])
    .describe('What its routes are written for; fastify unless given')
    .optional(),
  auth: z
    .enum(['none', 'jwt'])
    .describe('jwt: every route of its own needs a bearer token; none unless given')
    .optional(),
  datastores: datastores
    .describe('Datastores that it alone owns: postgres, redis, pubsub=redis and so on')
    .optional(),
};

const serviceSchema = z.strictObject({
  ...shared,
  directory: z.string().min(1).describe('Its folder; apps/<name> unless given').optional(),
  port: manifest.port
    .describe('Port that it listens on; the next free one from 3001 unless given')
    .optional(),
  consumes: optional(manifest.consumes),
  routes: optional(manifest.routes),
});

/** `platform.yml` as a person may write it. */
export const descriptionSchema = z
  .strictObject({
    defaults: z
      .strictObject(shared)
      .default({})
      .describe('Options of every service that it does not give itself'),
    services: z
      .record(serviceName, serviceSchema.nullable())
      .describe('The services by name, each with its options; one without any has no value'),
  })
  .describe('A platform: its services, their links and their datastores');

/** A service of a description, with the defaults that it does not give itself. */
export interface DescribedService extends z.output<typeof serviceSchema> {
  name: string;
}

export interface PlatformDescription {
  services: readonly DescribedService[];
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
  const { defaults, services } = value ?? readableParts(source.value);
  return {
    description: {
      source,
      services: Object.entries(services).map(([name, own]) => ({ ...defaults, ...own, name })),
    },
    problems,
  };
}

/** The services that are valid on their own. */
function readableParts(
  value: unknown,
): Pick<z.output<typeof descriptionSchema>, 'defaults' | 'services'> {
  const { shape } = descriptionSchema;
  const { defaults, services } = { ...(value as Record<string, unknown> | null) };
  const read = Object.entries({ ...(services as object) }).map(
    ([name, own]) => [name, shape.services.valueType.safeParse(own).data ?? null] as const,
  );
  return {
    defaults: shape.defaults.safeParse(defaults).data ?? {},
    services: Object.fromEntries(read),
  };
}
