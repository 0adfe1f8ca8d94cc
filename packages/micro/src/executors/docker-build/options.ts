import type { Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';

/** Options as Nx gives them. */
export interface DockerBuildOptions {
  environment?: string;
  dockerfile?: string;
  context?: string;
  artifact?: string;
  target?: string;
  platforms?: string[];
  buildArgs?: Record<string, string | number | boolean>;
  contexts?: Record<string, string>;
  labels?: Record<string, string>;
  secrets?: string[];
  ssh?: string[];
  tags?: string[];
  cacheFrom?: string[];
  cacheTo?: string[];
  builder?: string;
  pull?: boolean;
  noCache?: boolean;
  load?: boolean;
  push?: boolean;
  args?: string[];
}

/** Options with nothing left to guess. */
export interface NormalisedOptions extends Required<
  Omit<DockerBuildOptions, 'environment' | 'target' | 'builder' | 'buildArgs'>
> {
  environment: string | undefined;
  target: string | undefined;
  builder: string | undefined;
  buildArgs: Record<string, string>;
}

/** Arguments that decide what a build reads: the key has to know them, so each has an option. */
const OPTION_OF: Readonly<Record<string, string>> = {
  '--build-arg': 'buildArgs',
  '--build-context': 'contexts',
  '--file': 'dockerfile',
  '-f': 'dockerfile',
  '--label': 'labels',
  '--platform': 'platforms',
  '--tag': 'tags',
  '-t': 'tags',
  '--target': 'target',
};

/** @throws {UserError} if options contradict each other. */
export function normaliseOptions(options: DockerBuildOptions, service: Service): NormalisedOptions {
  const hidden = (options.args ?? []).flatMap((argument) => {
    const option = OPTION_OF[argument.split('=')[0]!];
    return option === undefined ? [] : [`"${argument}" in "args": set it with "${option}"`];
  });
  if (hidden.length > 0) throw new UserError(hidden.join('\n'));
  const platforms = options.platforms ?? [];
  const push = options.push ?? false;
  if (platforms.length > 1 && !push) {
    throw new UserError(
      `an image for ${platforms.join(' and ')} cannot be loaded into an engine: set "push": true and an environment with a registry`,
    );
  }
  const load = options.load ?? platforms.length < 2;
  if (platforms.length > 1 && options.load) {
    throw new UserError(
      `an image for ${platforms.join(' and ')} cannot be loaded into an engine: leave out "load"`,
    );
  }
  if (!load && !push) {
    throw new UserError(
      'with "load": false the image would be kept nowhere: set "push": true as well',
    );
  }
  return {
    environment: options.environment,
    dockerfile: options.dockerfile ?? `${service.root}/Dockerfile`,
    context: options.context ?? '.',
    artifact: options.contexts?.['artifact'] ?? options.artifact ?? `dist/${service.root}`,
    target: options.target,
    platforms,
    buildArgs: Object.fromEntries(
      Object.entries(options.buildArgs ?? {}).map(([name, value]) => [name, String(value)]),
    ),
    contexts: options.contexts ?? {},
    labels: options.labels ?? {},
    secrets: options.secrets ?? [],
    ssh: options.ssh ?? [],
    tags: options.tags ?? [],
    cacheFrom: options.cacheFrom ?? [],
    cacheTo: options.cacheTo ?? [],
    builder: options.builder,
    pull: options.pull ?? false,
    noCache: options.noCache ?? false,
    load,
    push,
    args: options.args ?? [],
  };
}

/** A secret that is given to BuildKit: its id, and the file or variable that holds it. */
export type Secret =
  | { id: string; kind: 'file'; path: string }
  | { id: string; kind: 'environment'; variable: string };

/**
 * `id=npmrc,src=.npmrc` or `id=token,env=TOKEN`.
 * @throws {UserError} for anything else, so that no build silently goes without its secret.
 */
export function parseSecret(text: string): Secret {
  const fields = new Map(
    text.split(',').map((field) => {
      const at = field.indexOf('=');
      return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
    }),
  );
  const id = fields.get('id');
  const path = fields.get('src') ?? fields.get('source');
  const variable = fields.get('env');
  if (id && path) return { id, kind: 'file', path };
  if (id && variable) return { id, kind: 'environment', variable };
  // The text is not repeated, because it may be the secret itself.
  throw new UserError(
    'a secret is given as "id=<id>,src=<file>" or "id=<id>,env=<variable>", never by its value',
  );
}

export function formatSecret(secret: Secret): string {
  return secret.kind === 'file'
    ? `id=${secret.id},src=${secret.path}`
    : `id=${secret.id},env=${secret.variable}`;
}
