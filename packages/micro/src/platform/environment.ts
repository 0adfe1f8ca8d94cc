import { z } from 'zod';
import { checkEnvironment } from './check-environment';
import { checkEcsEnvironment, isForEcs, type EcsEnvironment } from './ecs-environment';
import { edgeSchema, publishProblems } from './edge-options';
import { environmentFile } from './environment-file';
import {
  jobTimeout,
  links,
  lockTimeout,
  olderCommits,
  platformOfHosts,
  publicUrl,
  registry,
  releases,
  secretsSchema,
  variableProblems,
  variablesSchema,
} from './environment-keys';
import {
  checkKubernetesEnvironment,
  isForKubernetes,
  type KubernetesEnvironment,
} from './kubernetes-environment';
import { PlatformError } from './problem';
import { publishSchema } from './publish';
import { resourcesSchema } from './resources';
import { seconds, secondsOrNone } from './time';
import { UserError } from './user-error';
import { verifySchema } from './verify';
import { parseYaml } from './yaml-source';

/** What differs between the places that a platform is deployed to: `environments/<name>.yml`. */
export const environmentSchema = z
  .strictObject({
    engine: z
      .enum(['compose'], {
        error: ({ input }) => `${JSON.stringify(input)} is not one of compose, kubernetes and ecs`,
      })
      .default('compose')
      .describe('What runs the containers'),
    context: z.string().min(1).describe('The docker context to deploy to').optional(),
    host: z
      .string()
      .regex(/^(ssh|tcp|unix):\/\/.+/, 'the host is an address such as ssh://deploy@example.com')
      .describe('The engine to deploy to, as DOCKER_HOST names it')
      .optional(),
    platform: platformOfHosts.optional(),
    registry: registry.optional(),
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
    jobTimeout,
    lockTimeout,
    releases,
    olderCommits,
    verify: verifySchema.optional(),
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
          environment: variablesSchema,
          secrets: secretsSchema,
          resources: resourcesSchema
            .describe('Resources of each container here, instead of those in its manifest')
            .optional(),
          replicas: z.int().min(1).describe('Number of containers here').optional(),
        }),
      )
      .default({})
      .describe('Overrides for single services'),
    links,
  })
  .superRefine((environment, context) => {
    if (environment.context && environment.host) {
      context.addIssue({
        code: 'custom',
        path: ['host'],
        message: 'give either a docker context or a host, not both',
      });
    }
    if (
      environment.verify &&
      (environment.registry === undefined || environment.images === 'local')
    ) {
      context.addIssue({
        code: 'custom',
        path: ['verify'],
        message:
          'signatures are in the registry, and this environment runs images of its own engine: add "registry", or remove "verify"',
      });
    }
    for (const { path, message } of publishProblems(environment.edge, environment.services)) {
      context.addIssue({ code: 'custom', path: ['services', ...path], message });
    }
    for (const [service, one] of Object.entries(environment.services)) {
      for (const { path, message } of variableProblems(one)) {
        context.addIssue({ code: 'custom', path: ['services', service, ...path], message });
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

/** Where its images come from. Nothing else ever runs there. */
export type ImageSource = { kind: 'pushed'; registry: string } | { kind: 'local' };

/**
 * The source of an environment's images.
 *
 * @throws {UserError} if it runs pushed images and has no registry.
 */
export function imageSource(environment: AnyEnvironment): ImageSource {
  const { registry, file } = environment;
  const images = environment.engine === 'compose' ? environment.images : 'pushed';
  if (images === 'local') return { kind: 'local' };
  if (registry !== undefined) return { kind: 'pushed', registry };
  throw new UserError(
    `${file} is incomplete: it runs pushed images, so add "registry: registry.example.com/acme", and "host: ssh://deploy@example.com" unless it is this machine. To run what its own engine built, replace "images: pushed" by "images: local"`,
  );
}

/** Whether its containers run on another engine than this machine's own. */
export function runsElsewhere(environment: AnyEnvironment): boolean {
  if (environment.engine !== 'compose') return true;
  return environment.context !== undefined || environment.host !== undefined;
}

/** The address of a service that runs outside of the environment; `undefined` if it runs in it. */
export function elsewhere(
  { links }: Pick<Environment, 'links'>,
  service: string,
): string | undefined {
  return Object.hasOwn(links, service) ? links[service] : undefined;
}

/** A service with the links that it has in the environment. */
export function linkedWithin<S extends { consumes: readonly string[] }>(
  { links }: Pick<Environment, 'links'>,
  service: S,
): S {
  return {
    ...service,
    consumes: service.consumes.filter((name) => elsewhere({ links }, name) === undefined),
  };
}

/** An environment of any engine. */
export type AnyEnvironment = DeployedEnvironment | EcsEnvironment;

/** An environment whose secrets are values that the process which deploys gets; on ECS, AWS fills them in. */
export type DeployedEnvironment = Environment | KubernetesEnvironment;

/**
 * Parses an environment for Compose.
 *
 * @param serviceNames the names that `services` and `links` may contain; any if not given.
 * @throws {PlatformError} with every problem of the file, also if the environment is for another engine.
 */
export function parseEnvironment(
  name: string,
  text: string,
  serviceNames?: readonly string[],
): Environment {
  const environment = parseAnyEnvironment(name, text, serviceNames);
  if (environment.engine === 'compose') return environment;
  throw unknownEngine(environment);
}

/** What a command says that does not know the engine of an environment. */
export function unknownEngine(
  environment: Pick<AnyEnvironment, 'name' | 'file' | 'engine'>,
): PlatformError {
  const { name, file, engine } = environment;
  const [where, instead] =
    engine === 'ecs'
      ? ['Amazon ECS', `"nx ecs-deploy", or "micro render -e ${name}"`]
      : ['a Kubernetes cluster', `"nx kubernetes-deploy", or "micro render -e ${name}"`];
  const message = `"${name}" runs on ${where}, which this command does not know yet: use ${instead}`;
  return new PlatformError([{ file, message }]);
}

/**
 * Parses an environment for any engine.
 *
 * @param serviceNames the names that `services` and `links` may contain; any if not given.
 * @throws {PlatformError} with every problem of the file.
 */
export function parseAnyEnvironment(
  name: string,
  text: string,
  serviceNames?: readonly string[],
): AnyEnvironment {
  const file = environmentFile(name);
  const { source, problems: syntax } = parseYaml(file, text);
  if (!source) throw new PlatformError(syntax);
  if (isForEcs(source)) return checkEcsEnvironment(name, source, serviceNames);
  if (isForKubernetes(source)) return checkKubernetesEnvironment(name, source, serviceNames);
  const value = checkEnvironment(source, environmentSchema, { name, serviceNames });
  const images = value.images ?? (value.registry === undefined ? 'local' : 'pushed');
  return { ...value, images, name, file };
}
