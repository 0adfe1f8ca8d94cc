import { docker, type Command, type EngineAddress } from '../docker/command';
import { buildEnvironment, inspectRemoteArguments } from '../docker/buildx';
import { saysExportedTwice, saysNotFound } from '../docker/error-patterns';
import { toBuildError, toEngineError } from '../docker/engine-error';
import type { EngineKind } from '../edge/edge-entry';
import type { ImageVariant } from '../image/base-image';
import { formatPlatform, parseImagePlatform, type ImagePlatform } from '../image/image-platform';
import type { Outcome, Runner, RunOptions } from './process';

/** An image on an engine. */
export interface LocalImage {
  id: string;
  labels: Readonly<Record<string, string>>;
  tags: readonly string[];
  digests: readonly string[];
  /** The containerd image store reports the compressed size of layers, the older store the uncompressed one. */
  size: { kind: 'packed' | 'unpacked'; bytes: number };
  /** The image's layers; absent if the engine does not report them. */
  variant?: ImageVariant;
}

/** An image in a registry. */
export interface RemoteImage {
  digest: string;
  /** Of what the digest is of: a manifest, or an index of them. */
  mediaType?: string;
  labels: Readonly<Record<string, string>>;
  /** One per platform. */
  variants: readonly ImageVariant[];
}

/** Compose gets only a part of the project here. It must not warn about the other containers. */
const COMPOSE_PARTS = { COMPOSE_IGNORE_ORPHANS: 'true' };

/** Runs a docker command that must succeed. @throws {EngineError} with docker's message. */
export async function runDocker(
  runner: Runner,
  args: readonly string[],
  address: EngineAddress,
  what: string,
  options: RunOptions & Pick<Command, 'env' | 'stdin'> = {},
): Promise<Outcome> {
  const { env: own, stdin, ...runOptions } = options;
  const env = args[0] === 'compose' ? { ...COMPOSE_PARTS, ...own } : own;
  const outcome = await runner.run({ ...docker(args, address), env, stdin }, runOptions);
  if (outcome.exitCode !== 0) throw toEngineError(what, outcome, address);
  return outcome;
}

/**
 * Attempts of a build whose export collides with another one. After the first, BuildKit has the layers in its cache.
 */
const EXPORT_TRIES = 5;

/** Builds a Dockerfile. @throws {EngineError} with the line in the Dockerfile and BuildKit's message. */
export async function runBuildx(
  runner: Runner,
  args: readonly string[],
  dockerfile: string,
  options: RunOptions = {},
): Promise<void> {
  const command = { ...docker(args), env: buildEnvironment(process.env) };
  for (let tries = 1; ; tries++) {
    const outcome = await runner.run(command, options);
    if (outcome.exitCode === 0) return;
    if (tries === EXPORT_TRIES || !saysExportedTwice(outcome.stderr)) {
      throw toBuildError(dockerfile, outcome);
    }
  }
}

/** The platform of the engine's containers, such as `linux/amd64`. @throws {EngineError} if it does not answer. */
export async function readEnginePlatform(
  runner: Runner,
  address: EngineAddress = {},
  options: RunOptions = {},
): Promise<ImagePlatform> {
  const { stdout } = await runDocker(
    runner,
    ['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}'],
    address,
    'Could not ask the engine for its platform',
    options,
  );
  return parseImagePlatform(stdout);
}

/**
 * The version of the engine, which decides what an entry may contain. The docker client turns tabs into spaces in this
 * output. @throws {EngineError} if the engine does not answer.
 */
export async function readEngineKind(runner: Runner, address: EngineAddress): Promise<EngineKind> {
  const { stdout } = await runDocker(
    runner,
    ['version', '--format', '{{.Server.APIVersion}}{{range .Server.Components}}|{{.Name}}{{end}}'],
    address,
    'Could not ask the engine for its version',
  );
  const [api = '', ...parts] = stdout.trim().split('|');
  return { api, isPodman: parts.includes('Podman Engine') };
}

/**
 * The Linux kernel of the engine's containers, such as `6.18.44-cloud-amd64`. @throws {EngineError} if it does not
 * answer.
 */
export async function readEngineKernel(runner: Runner, address: EngineAddress): Promise<string> {
  const { stdout } = await runDocker(
    runner,
    ['version', '--format', '{{.Server.KernelVersion}}'],
    address,
    'Could not ask the engine for its kernel',
  );
  return stdout.trim();
}

/** Images of the engine by reference. Images that do not exist are missing in the result. */
export async function inspectImages(
  runner: Runner,
  references: readonly string[],
  address: EngineAddress = {},
): Promise<Map<string, LocalImage>> {
  const found = new Map<string, LocalImage>();
  await Promise.all(
    references.map(async (reference) => {
      const outcome = await runner.run(
        docker(['image', 'inspect', '--format', '{{json .}}', reference], address),
      );
      if (outcome.exitCode === 0) found.set(reference, toLocalImage(outcome.stdout));
      else if (!saysNotFound(outcome.stderr)) {
        throw toEngineError(`Could not look for the image ${reference}`, outcome, address);
      }
    }),
  );
  return found;
}

/** An image in its registry; `undefined` if the registry says that it does not exist. */
export async function inspectRemoteImage(
  runner: Runner,
  reference: string,
): Promise<RemoteImage | undefined> {
  const outcome = await runner.run(docker(inspectRemoteArguments(reference)), { timeout: 60_000 });
  if (outcome.exitCode === 0) return toRemoteImage(outcome.stdout);
  if (saysNotFound(outcome.stderr)) return undefined;
  throw toEngineError(`Could not ask the registry for ${reference}`, outcome, {});
}

interface ImageJson {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Size: number;
  /** What Docker 28 and later report if they use the containerd image store. */
  Descriptor?: object | null;
  /** What earlier versions report in that case: the snapshotter. */
  GraphDriver?: { Name: string } | null;
  Os?: string;
  Architecture?: string;
  Variant?: string;
  RootFS?: { Layers?: string[] | null };
  Config?: ({ Labels?: Record<string, string> | null } & Record<string, unknown>) | null;
}

function toLocalImage(json: string): LocalImage {
  const image = JSON.parse(json) as ImageJson;
  return {
    id: image.Id,
    labels: image.Config?.Labels ?? {},
    tags: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    size: { kind: isPacked(image) ? 'packed' : 'unpacked', bytes: image.Size },
    ...localVariant(image),
  };
}

function isPacked({ Descriptor, GraphDriver }: ImageJson): boolean {
  return Boolean(Descriptor) || GraphDriver?.Name === 'overlayfs';
}

function localVariant({ Os, Architecture, Variant, RootFS, Config }: ImageJson) {
  if (!Os || !Architecture || !RootFS?.Layers) return {};
  const platform = formatPlatform({ os: Os, architecture: Architecture, variant: Variant });
  return { variant: { platform, layers: RootFS.Layers, config: Config ?? {} } };
}

interface RemoteJson {
  manifest: { digest: string; mediaType?: string };
  image: RemoteConfig | Record<string, RemoteConfig> | null;
}

interface RemoteConfig {
  os?: string;
  architecture?: string;
  variant?: string;
  rootfs?: { diff_ids?: string[] };
  config?: { Labels?: Record<string, string> } & Record<string, unknown>;
}

/** An index has one configuration per platform. Our images have the same labels in all of them. */
function toRemoteImage(json: string): RemoteImage {
  const { manifest, image } = JSON.parse(json) as RemoteJson;
  const configs = configsOf(image);
  return {
    digest: manifest.digest,
    ...(manifest.mediaType === undefined ? {} : { mediaType: manifest.mediaType }),
    labels: configs[0]?.config?.Labels ?? {},
    variants: configs.flatMap(remoteVariant),
  };
}

function configsOf(image: RemoteJson['image']): RemoteConfig[] {
  if (image === null) return [];
  return isConfig(image) ? [image] : Object.values(image);
}

function remoteVariant({ os, architecture, variant, rootfs, config = {} }: RemoteConfig) {
  if (!os || !architecture || !rootfs?.diff_ids) return [];
  return [
    { platform: formatPlatform({ os, architecture, variant }), layers: rootfs.diff_ids, config },
  ];
}

function isConfig(image: RemoteConfig | Record<string, RemoteConfig>): image is RemoteConfig {
  return 'config' in image;
}
