/** One image to build, with all settings for BuildKit. */
export interface BuildRequest {
  dockerfile: string;
  /** The main build context. */
  context: string;
  target?: string;
  platforms: readonly string[];
  /** Named contexts: name -> folder or image. */
  contexts: Readonly<Record<string, string>>;
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** `id=npmrc,src=.npmrc` or `id=token,env=TOKEN`: where a secret comes from, never its value. */
  secrets: readonly string[];
  ssh: readonly string[];
  tags: readonly string[];
  cacheFrom: readonly string[];
  cacheTo: readonly string[];
  builder?: string;
  pull: boolean;
  noCache: boolean;
  load: boolean;
  push: boolean;
  /** Further arguments, as a person gave them. */
  args: readonly string[];
}

/** `buildx build …`, in the order of docker's own manual. */
export function buildArguments(request: BuildRequest): string[] {
  return [
    'buildx',
    'build',
    ...each('--build-arg', pairs(request.buildArgs)),
    ...each('--build-context', pairs(request.contexts)),
    ...maybe('--builder', request.builder),
    ...each('--cache-from', request.cacheFrom),
    ...each('--cache-to', request.cacheTo),
    '--file',
    request.dockerfile,
    ...each('--label', pairs(request.labels)),
    ...flag('--load', request.load),
    ...flag('--no-cache', request.noCache),
    ...maybe('--platform', request.platforms.length > 0 ? request.platforms.join(',') : undefined),
    '--progress',
    'plain',
    ...flag('--pull', request.pull),
    ...flag('--push', request.push),
    ...each('--secret', request.secrets),
    ...each('--ssh', request.ssh),
    ...each('--tag', request.tags),
    ...maybe('--target', request.target),
    ...request.args,
    request.context,
  ];
}

const NO_ATTESTATIONS = 'BUILDX_NO_DEFAULT_ATTESTATIONS';

/**
 * The variables of a build. Attestations hold the time of the build: with them the same content has another image id each
 * time in the containerd image store. So there are none unless they are asked for, as in the older store: by `args`, or
 * by that variable of a person's own.
 */
export function buildEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  return { [NO_ATTESTATIONS]: own[NO_ATTESTATIONS] ?? '1' };
}

/** Prints digest and configuration of an image in a registry as one line of JSON. */
export function inspectRemoteArguments(reference: string): string[] {
  return [
    'buildx',
    'imagetools',
    'inspect',
    '--format',
    '{"manifest":{{json .Manifest}},"image":{{json .Image}}}',
    reference,
  ];
}

/** Gives an image of a registry another name, in the registry and for all its platforms. */
export function retagArguments(source: string, target: string): string[] {
  return ['buildx', 'imagetools', 'create', '--tag', target, source];
}

function each(name: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [name, value]);
}

function maybe(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

function flag(name: string, on: boolean): string[] {
  return on ? [name] : [];
}

function pairs(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([name, value]) => `${name}=${value}`);
}
