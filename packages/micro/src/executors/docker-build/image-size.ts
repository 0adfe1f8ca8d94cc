import { discardArguments, unpackArguments } from '../../docker/container';
import { historyArguments, historySize } from '../../docker/image';
import { runDocker, type LocalImage } from '../../effects/engine';
import type { Runner } from '../../effects/process';
import type { BuildPlatforms } from './platforms';

/** Bytes of an image and of its base, uncompressed. */
export interface ImageSize {
  total: number;
  /** Absent if there are several bases, or none on the engine. */
  base?: number;
}

/** Reads the size of an image with that of its one base; both image stores give about the same. */
export async function readImageSize(
  runner: Runner,
  image: LocalImage,
  baseImages: ReadonlyMap<string, LocalImage>,
  platforms: BuildPlatforms,
): Promise<ImageSize> {
  const [base, ...others] = baseImages.values();
  return whileUnpacked(runner, image, platforms, async () => {
    const [total, below] = await Promise.all([
      unpackedSize(runner, image),
      base && others.length === 0 ? unpackedSize(runner, base) : undefined,
    ]);
    return { total, ...(below !== undefined && { base: below }) };
  });
}

/** In the containerd image store an image's own size is that of its compressed layers: there the steps are added up. */
async function unpackedSize(runner: Runner, { id, size }: LocalImage): Promise<number> {
  if (size.kind === 'unpacked') return size.bytes;
  const what = `Could not read the size of the image ${id}`;
  const { stdout } = await runDocker(runner, historyArguments(id), {}, what);
  return historySize(stdout);
}

/**
 * In the containerd image store a layer that is not unpacked counts as 0 bytes (seen with Docker 28.5.2). A build unpacks only
 * what this engine can run, so an image for another platform is unpacked by a container that is never started.
 */
async function whileUnpacked<Result>(
  runner: Runner,
  { id, size }: LocalImage,
  { build, target: [platform] }: BuildPlatforms,
  read: () => Promise<Result>,
): Promise<Result> {
  if (size.kind === 'unpacked' || platform === undefined || platform === build) return read();
  const what = `Could not unpack the image ${id}`;
  const { stdout } = await runDocker(runner, unpackArguments(id, platform), {}, what);
  try {
    return await read();
  } finally {
    await runDocker(runner, discardArguments([stdout.trim()]), {}, 'Could not remove a container');
  }
}
