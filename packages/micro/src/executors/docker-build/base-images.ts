import type { SourceImage } from '../../dockerfile/build-sources';
import { EngineError } from '../../docker/engine-error';
import { inspectRemoteImage, type LocalImage } from '../../effects/engine';
import type { Runner } from '../../effects/process';
import { variantDigest } from '../../image/base-image';
import { parseImagePlatform, type ImagePlatform } from '../../image/image-platform';
import { parseImageReference, type ImageReference } from '../../platform/image-reference';
import type { Problem } from '../../platform/problem';

/** An image that a build reads, with the platforms for which it does. */
export interface BaseImage {
  /** With its variables filled in. */
  name: string;
  reference: ImageReference;
  platforms: readonly ImagePlatform[];
}

/** Reads the images that a Dockerfile names. An invalid reference is a problem with its line. */
export function readBaseImages(
  file: string,
  images: readonly SourceImage[],
  platforms: readonly ImagePlatform[],
): { images: BaseImage[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const read = images.flatMap((image): BaseImage[] => {
    try {
      const reference = parseImageReference(image.name);
      const own = image.platform ? [parseImagePlatform(image.platform)] : platforms;
      return [{ name: image.name, reference, platforms: own }];
    } catch (error) {
      problems.push({ file, line: image.line, message: whyNone(image, error as Error) });
      return [];
    }
  });
  return { images: read, problems };
}

function whyNone({ name, written, missing, platform }: SourceImage, error: Error): string {
  if (missing.length > 0) {
    return `the base image "${written}" has a variable without a value (${missing.join(', ')}): give its ARG a default, or set it in "buildArgs"`;
  }
  return isReference(name)
    ? `--platform=${platform ?? ''}: ${error.message}`
    : `the base image "${name}" is not an image reference`;
}

function isReference(name: string): boolean {
  try {
    return Boolean(parseImageReference(name));
  } catch {
    return false;
  }
}

/** `node:24`, or `node:24 (linux/amd64)` for one that FROM names with a platform of its own. */
export function baseName({ name, platforms }: BaseImage, target: readonly ImagePlatform[]): string {
  return platforms.join() === target.join() ? name : `${name} (${platforms.join(', ')})`;
}

/**
 * What a base image is made of, by its layers and configuration, so that one from the engine and one
 * from the registry agree, and one that was built here again from the same files is the same.
 *
 * @returns `undefined` if neither the engine nor the registry can tell: then it counts by its name.
 */
export async function baseContent(
  runner: Runner,
  { name, reference, platforms }: BaseImage,
  local: LocalImage | undefined,
): Promise<string | undefined> {
  if (reference.digest) return reference.digest;
  const here = local?.variant;
  // BuildKit uses the engine's image for the platform that the engine has, and the registry's for others.
  if (here && platforms.every((platform) => platform === here.platform)) return variantDigest(here);
  if (local && !here) return local.id;
  return (await remoteContent(runner, name, platforms)) ?? local?.id;
}

async function remoteContent(
  runner: Runner,
  name: string,
  platforms: readonly ImagePlatform[],
): Promise<string | undefined> {
  try {
    const image = await inspectRemoteImage(runner, name);
    if (!image) return undefined;
    const variants = platforms.map((platform) =>
      image.variants.find((variant) => variant.platform === platform),
    );
    if (variants.length === 0) return image.digest;
    const digests = variants.map((variant) => variant && variantDigest(variant));
    return digests.every((digest) => digest !== undefined) ? digests.join(' ') : image.digest;
  } catch (error) {
    // Without its content the base counts by name; whether it can be had is for the build to say.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
