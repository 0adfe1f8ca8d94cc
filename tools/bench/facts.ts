import { CHANGED_SERVICE } from './application/services.js';
import { countFiles, liveOnce } from './engine/container.js';
import { readImage } from './engine/images.js';
import type { Site } from './site.js';

/** Facts about one image. Read once, because they do not vary. */
export interface ImageFacts {
  bytesOverBase: number;
  files: number;
  nodeModules: number;
  user: string;
  hasHealthcheck: boolean;
  exitCode: number;
}

export async function readFacts({ image, base }: Site): Promise<ImageFacts> {
  const reference = image(CHANGED_SERVICE);
  const [own, under] = await Promise.all([readImage(reference), readImage(base)]);
  const { files = NaN, nodeModules = NaN } = await countFiles(reference, base);
  const { exitCode } = await liveOnce(reference, 500);
  return {
    bytesOverBase: own.bytes - under.bytes,
    files,
    nodeModules,
    user: own.user === '' ? 'root' : own.user,
    hasHealthcheck: own.hasHealthcheck,
    exitCode,
  };
}
