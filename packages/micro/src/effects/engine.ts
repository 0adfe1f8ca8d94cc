import { docker, type Command, type EngineAddress } from '../docker/command';
import { inspectRemoteArguments } from '../docker/buildx';
import type { ImageVariant } from '../image/base-image';
import { formatPlatform, parsePlatform, type ImagePlatform } from '../image/platform';
import { UserError } from '../platform/user-error';
import type { Outcome, Runner, RunOptions } from './process';

/** An image on an engine. */
export interface LocalImage {
  id: string;
  labels: Readonly<Record<string, string>>;
  tags: readonly string[];
  digests: readonly string[];
  /** Bytes, uncompressed. */
  size: number;
  /** What it is made of; absent if the engine does not say. */
  variant?: ImageVariant;
}

/** An image in a registry. */
export interface RemoteImage {
  digest: string;
  labels: Readonly<Record<string, string>>;
  /** One per platform. */
  variants: readonly ImageVariant[];
}

/** The engine or a registry said no, or nothing; `output` has its last words. */
export class EngineError extends UserError {
  override readonly name = 'EngineError';

  constructor(
    readonly kind: 'no-engine' | 'no-registry' | 'denied' | 'failed',
    message: string,
    readonly output: string = '',
  ) {
    super(message);
  }
}

const NO_ENGINE =
  /cannot connect to the docker daemon|error during connect|is the docker daemon running|dial unix|unable to resolve docker endpoint|context not found|failed to receive status: rpc error/i;
const NOT_FOUND =
  /no such image|no such object|: not found|manifest unknown|name unknown|repository does not exist/i;
const DENIED =
  /unauthorized|authentication required|authorization failed|denied|forbidden|no basic auth credentials|(?:status|status code):? 40[13]\b/i;
const PORT_TAKEN =
  /(?:Bind for|listen tcp4?) (\S+?):?(?: failed:| bind:).*(?:port is already allocated|address already in use)/i;
const DISK_FULL = /^(?:error response from daemon: )+(.*no space left on device)/im;
/** Ends what the client says of an ssh that did not get to the engine. */
const SAID_BY_SSH = /has exited with exit status \d+, [^]*: stderr=([^]*)$/;
const PLAIN_HTTP = /server gave HTTP response to HTTPS client/i;
const NO_REGISTRY =
  /connection refused|connection reset|no such host|i\/o timeout|tls handshake|deadline exceeded|EOF$|(?:HTTP status|status code|from \w+ request to \S+):? (?:429|5\d\d)\b|too many requests|network is unreachable|no route to host|temporary failure in name resolution|broken pipe/im;

/** Compose files here are parts of a project: that the others are not in them is no news. */
const COMPOSE_PARTS = { COMPOSE_IGNORE_ORPHANS: 'true' };

/** Runs a docker command that has to succeed. @throws {EngineError} with the engine's own words. */
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

/** Runs a build of a Dockerfile. @throws {EngineError} with its line and BuildKit's own words. */
export async function runBuildx(
  runner: Runner,
  args: readonly string[],
  dockerfile: string,
  options: RunOptions = {},
): Promise<void> {
  const outcome = await runner.run(docker(args), options);
  if (outcome.exitCode !== 0) throw toBuildError(dockerfile, outcome);
}

/** What the containers of an engine run on, `linux/amd64`. @throws {EngineError} if it does not answer. */
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
  return parsePlatform(stdout);
}

/** Images of the engine by reference; those that are not there are missing in the answer. */
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
      else if (!isNotFound(outcome)) {
        throw toEngineError(`Could not look for the image ${reference}`, outcome, address);
      }
    }),
  );
  return found;
}

/** An image in its registry; `undefined` where the registry says that it is not there. */
export async function inspectRemoteImage(
  runner: Runner,
  reference: string,
): Promise<RemoteImage | undefined> {
  const outcome = await runner.run(docker(inspectRemoteArguments(reference)), { timeout: 60_000 });
  if (outcome.exitCode === 0) return toRemoteImage(outcome.stdout);
  if (isNotFound(outcome)) return undefined;
  throw toEngineError(`Could not ask the registry for ${reference}`, outcome, {});
}

/** The answer "there is none", as opposed to no answer. */
export function isNotFound({ stderr }: Outcome): boolean {
  return NOT_FOUND.test(stderr) && !NO_ENGINE.test(stderr);
}

/** What went wrong, in words that say what to do. */
export function toEngineError(what: string, outcome: Outcome, address: EngineAddress): EngineError {
  const output = lastLines(outcome.stderr || outcome.stdout, 30);
  const reason = reasonOf(output);
  if (NO_ENGINE.test(output)) return noEngine(what, output, reason, address);
  const port = PORT_TAKEN.exec(output);
  if (port) {
    return new EngineError(
      'failed',
      `${what}: ${port[1] ?? 'a port'} of the host is taken. Free it ("docker ps" shows which container has it), or publish another port: "publish" of a service in environments/<name>.yml, "ports" of anything else in environments/<name>.compose.yaml`,
      output,
    );
  }
  const full = DISK_FULL.exec(output) ?? /^.*no space left on device/i.exec(reason);
  if (full) {
    return new EngineError(
      'failed',
      `${what}: the disk of the engine is full (${full[1] ?? full[0]}). Free some of it there, for example with "docker image prune --all", which keeps what a container or a release needs, then run this again`,
      output,
    );
  }
  if (DENIED.test(reason)) {
    return new EngineError(
      'denied',
      `${what}: the registry refused (${reason}). Log in with "docker login" and check the rights`,
      output,
    );
  }
  if (PLAIN_HTTP.test(reason)) {
    return new EngineError(
      'failed',
      `${what}: the registry speaks plain HTTP (${reason}). Give it a certificate, or list it under "insecure-registries" in the engine's daemon.json`,
      output,
    );
  }
  if (NO_REGISTRY.test(reason)) {
    return new EngineError(
      'no-registry',
      `${what}: the registry does not answer as it should (${reason})`,
      output,
    );
  }
  return failed(what, outcome, output);
}

/**
 * What went wrong in a build. What its own steps print, such as a refused `npm ci`, says nothing about
 * the engine's registry, so only BuildKit's verdict on a base image counts.
 */
export function toBuildError(dockerfile: string, outcome: Outcome): EngineError {
  // What a step printed while it ran is printed again where it failed.
  const told = (outcome.stderr || outcome.stdout).replace(/^#\d+ .*\n?|^\s*\n/gm, '');
  const output = lastLines(told, 60);
  const reason = reasonOf(output);
  const line = /^[^\s:]+:(\d+)\n-{5}/m.exec(output)?.[1];
  const what = `${dockerfile}${line === undefined ? '' : `:${line}`} could not be built`;
  const isPull =
    /failed to (?:resolve source metadata|do request|authorize|copy)|load metadata/.test(reason);
  if (NO_ENGINE.test(reason)) return noEngine(what, output, reason, {});
  if (isPull) return toEngineError(what, { ...outcome, stderr: reason }, {});
  return failed(what, outcome, output);
}

function noEngine(what: string, output: string, reason: string, address: EngineAddress) {
  const where = address.context
    ? `the docker context "${address.context}"`
    : (address.host ?? process.env['DOCKER_HOST'] ?? 'this machine');
  const ssh = SAID_BY_SSH.exec(output)?.[1];
  // Commands about several containers say so again at their end, without the reason.
  const line = output.split('\n').findLast((text) => NO_ENGINE.test(text)) ?? reason;
  const why = ssh?.trim() ? lastLines(ssh, 1).trim() : reasonOf(line);
  const advice =
    ssh === undefined
      ? 'Start it, or correct its address'
      : 'See that ssh gets there and finds docker';
  return new EngineError(
    'no-engine',
    `${what}: no Docker Engine answers on ${where} (${why}). ${advice}, then run this again`,
    output,
  );
}

function failed(what: string, { exitCode }: Outcome, output: string): EngineError {
  const words = output.trim() === '' ? ' and wrote nothing' : `:\n${indent(output)}`;
  return new EngineError('failed', `${what} (exit code ${exitCode})${words}`, output);
}

/** The last line in which a docker command says that something is wrong, else its last line. */
function reasonOf(output: string): string {
  const lines = output.trimEnd().split('\n');
  const line = lines.findLast((text) => /^(?:error|failed)\b/i.test(text)) ?? lines.at(-1) ?? '';
  return line.replace(/^(?:ERROR: |Error response from daemon: )+/, '');
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

interface ImageJson {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Size: number;
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
    size: image.Size,
    ...localVariant(image),
  };
}

function localVariant({ Os, Architecture, Variant, RootFS, Config }: ImageJson) {
  if (!Os || !Architecture || !RootFS?.Layers) return {};
  const platform = formatPlatform({ os: Os, architecture: Architecture, variant: Variant });
  return { variant: { platform, layers: RootFS.Layers, config: Config ?? {} } };
}

interface RemoteJson {
  manifest: { digest: string };
  image: RemoteConfig | Record<string, RemoteConfig> | null;
}

interface RemoteConfig {
  os?: string;
  architecture?: string;
  variant?: string;
  rootfs?: { diff_ids?: string[] };
  config?: { Labels?: Record<string, string> } & Record<string, unknown>;
}

/** An index has one configuration per platform; labels are the same on all of ours. */
function toRemoteImage(json: string): RemoteImage {
  const { manifest, image } = JSON.parse(json) as RemoteJson;
  const configs = configsOf(image);
  return {
    digest: manifest.digest,
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
