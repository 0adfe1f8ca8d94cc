/** `[registry/]repository[:tag][@digest]`, as the OCI distribution specification writes it. */
export interface ImageReference {
  /** `host[:port]`; absent for an image of the local engine. */
  registry?: string;
  repository: string;
  tag?: string;
  digest?: string;
}

const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @throws if `text` is not an image reference. */
export function parseImageReference(text: string): ImageReference {
  const [nameAndTag = '', digest] = splitOnce(text, '@');
  const slash = nameAndTag.lastIndexOf('/');
  const colon = nameAndTag.indexOf(':', slash + 1);
  const name = colon < 0 ? nameAndTag : nameAndTag.slice(0, colon);
  const tag = colon < 0 ? undefined : nameAndTag.slice(colon + 1);
  const [first = '', rest] = splitOnce(name, '/');
  const hasRegistry = rest !== undefined && (/[.:]/.test(first) || first === 'localhost');
  const reference: ImageReference = {
    ...(hasRegistry ? { registry: first } : {}),
    repository: hasRegistry ? rest : name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
  if (
    (hasRegistry && !REGISTRY.test(first)) ||
    !REPOSITORY.test(reference.repository) ||
    (tag !== undefined && !TAG.test(tag)) ||
    (digest !== undefined && !DIGEST.test(digest))
  ) {
    throw new Error(
      `"${text}" is not an image reference: expected [registry/]name[:tag][@sha256:…]`,
    );
  }
  return reference;
}

export function formatImageReference({
  registry,
  repository,
  tag,
  digest,
}: ImageReference): string {
  return [
    registry === undefined ? '' : `${registry}/`,
    repository,
    tag === undefined ? '' : `:${tag}`,
    digest === undefined ? '' : `@${digest}`,
  ].join('');
}

/** Docker Hub under all of its names. */
const HUBS = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * Whether two texts name one image. Podman writes `caddy:2` of a container in full: as `docker.io/library/caddy:2` if it
 * was pulled, as `localhost/caddy:2` if it was built or loaded.
 */
export function namesSameImage(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return fullNames(a).some((name) => fullNames(b).includes(name));
  } catch {
    return false;
  }
}

/** A name without a registry may be of Docker Hub, or of the engine alone. */
function fullNames(text: string): string[] {
  const { registry, repository, tag, digest } = parseImageReference(text);
  const rest = { tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
  const isOfHub = registry === undefined || HUBS.includes(registry.toLowerCase());
  const isShort = !repository.includes('/') || repository.startsWith('library/');
  const full = formatImageReference({
    registry: isOfHub ? 'docker.io' : registry,
    repository: isOfHub && isShort ? `library/${repository.replace('library/', '')}` : repository,
    ...rest,
  });
  if (registry !== undefined) return [full];
  return [full, formatImageReference({ registry: 'localhost', repository, ...rest })];
}

/** Whether `tag` is valid after the colon of a reference. */
export function isImageTag(tag: string): boolean {
  return TAG.test(tag);
}

/** Turns any text into a tag: `feature/login` -> `feature-login`. */
export function toImageTag(text: string): string {
  return text
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 128);
}

/** The repository of a service: `acme/orders` on the local engine, or under an environment's registry. */
export function serviceRepository(platform: string, service: string, registry?: string): string {
  return registry === undefined ? `${platform}/${service}` : `${registry}/${platform}/${service}`;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
