import { createHash } from 'node:crypto';
import type { ImagePlatform } from './image-platform';

/** An image for one platform, as far as it decides what is built on it. */
export interface ImageVariant {
  platform: ImagePlatform;
  /** Digests of the uncompressed layers, the lowest first. */
  layers: readonly string[];
  /** The OCI configuration: variables, command, user and the like. */
  config: Readonly<Record<string, unknown>>;
}

/** What a container or a build on top of the image can see of its configuration. */
const VISIBLE = [
  'Cmd',
  'Entrypoint',
  'Env',
  'ExposedPorts',
  'Healthcheck',
  'Labels',
  'OnBuild',
  'Shell',
  'StopSignal',
  'User',
  'Volumes',
  'WorkingDir',
] as const;

/**
 * A name for the content of a base image: equal layers and an equal configuration give an equal one.
 * The image's own digest also holds when it was built and how (provenance, compression), so that one
 * that is built again from the same files gets another digest each time. An engine and a registry
 * tell the same content with the same words, so both give the same name.
 */
export function variantDigest({ platform, layers, config }: ImageVariant): string {
  const visible = VISIBLE.map((key) => [key, config[key]] as const).filter(([, value]) =>
    isGiven(value),
  );
  return `layers:${createHash('sha256')
    .update(JSON.stringify([platform, layers, visible.map(([key, value]) => [key, sorted(value)])]))
    .digest('hex')}`;
}

/** Engines write what is not set as nothing, null, or empty. */
function isGiven(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value);
  return Object.keys(value).length > 0;
}

/** Maps by their keys; lists keep their order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value)
    .filter(([, one]) => one !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, sorted(one)]);
}
