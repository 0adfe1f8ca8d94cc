import { docker, type Command, type EngineAddress } from '../docker/command';
import { inspectRemoteArguments } from '../docker/buildx';
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
}

/** An image in a registry. */
export interface RemoteImage {
  digest: string;
  labels: Readonly<Record<string, string>>;
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
  /cannot connect to the docker daemon|error during connect|is the docker daemon running|dial unix|no such host.*docker/i;
const NOT_FOUND =
  /no such image|no such object|: not found|manifest unknown|name unknown|does not exist/i;
const DENIED =
  /unauthorized|authentication required|denied|forbidden|no basic auth credentials|\b401\b|\b403\b/i;
const NO_REGISTRY =
  /connection refused|connection reset|no such host|i\/o timeout|tls handshake|deadline exceeded|EOF$|\b50[0234]\b|network is unreachable/im;

/** Runs a docker command that has to succeed. @throws {EngineError} with the engine's own words. */
export async function runDocker(
  runner: Runner,
  args: readonly string[],
  address: EngineAddress,
  what: string,
  options: RunOptions & Pick<Command, 'env' | 'stdin'> = {},
): Promise<Outcome> {
  const { env, stdin, ...runOptions } = options;
  const outcome = await runner.run({ ...docker(args, address), env, stdin }, runOptions);
  if (outcome.exitCode !== 0) throw toEngineError(what, outcome, address);
  return outcome;
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
      else if (!NOT_FOUND.test(outcome.stderr)) {
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
  if (NOT_FOUND.test(outcome.stderr)) return undefined;
  throw toEngineError(`Could not ask the registry for ${reference}`, outcome, {});
}

/** What went wrong, in words that say what to do. */
export function toEngineError(what: string, outcome: Outcome, address: EngineAddress): EngineError {
  const output = lastLines(outcome.stderr || outcome.stdout, 30);
  const reason = lastLines(output, 1);
  if (NO_ENGINE.test(output)) {
    const where = address.context
      ? `the docker context "${address.context}"`
      : (address.host ?? process.env['DOCKER_HOST'] ?? 'this machine');
    return new EngineError(
      'no-engine',
      `${what}: no Docker Engine answers on ${where} (${reason}). Start it, then run this again`,
      output,
    );
  }
  if (DENIED.test(output)) {
    return new EngineError(
      'denied',
      `${what}: the registry refused (${reason}). Log in with "docker login" and check the rights`,
      output,
    );
  }
  if (NO_REGISTRY.test(output)) {
    return new EngineError(
      'no-registry',
      `${what}: the registry does not answer (${reason})`,
      output,
    );
  }
  return new EngineError(
    'failed',
    `${what} (exit code ${outcome.exitCode}):\n${indent(output)}`,
    output,
  );
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
  Config?: { Labels?: Record<string, string> | null };
}

function toLocalImage(json: string): LocalImage {
  const image = JSON.parse(json) as ImageJson;
  return {
    id: image.Id,
    labels: image.Config?.Labels ?? {},
    tags: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    size: image.Size,
  };
}

interface RemoteJson {
  manifest: { digest: string };
  image: RemoteConfig | Record<string, RemoteConfig> | null;
}

interface RemoteConfig {
  config?: { Labels?: Record<string, string> };
}

/** An index has one configuration per platform; labels are the same on all of ours. */
function toRemoteImage(json: string): RemoteImage {
  const { manifest, image } = JSON.parse(json) as RemoteJson;
  const config = image && ('config' in image ? image : Object.values(image)[0]);
  const labels = (config as RemoteConfig | undefined)?.config?.Labels ?? {};
  return { digest: manifest.digest, labels };
}
