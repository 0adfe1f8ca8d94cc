import { readHost } from '../debian/host.js';
import { oneAtATime } from '../one-at-a-time.js';
import { LabError, say } from '../program.js';
import { readLocalImage, type LocalImage } from './local-image.js';
import { pullImage } from './pull.js';

/** How to build an image that behaves like a public one, if that cannot be pulled. */
export interface StandIn {
  /** The public image's own reference, so that `FROM` lines and compose files need no change. */
  ref: string;
  /** Builds and tags it. Only called as root on Debian, with a running engine. */
  build: () => Promise<void>;
}

/**
 * The image under its public name: it exists here, or is pulled, or its stand-in is built.
 *
 * @throws LabError if none of these works.
 */
export async function ensureImage({ ref, build }: StandIn): Promise<LocalImage> {
  const present = await readLocalImage(ref);
  if (present) return present;

  say(`pulling ${ref} ...`);
  const pull = await pullImage(ref);
  if (pull.kind === 'failed') {
    const { debian, root } = readHost();
    if (!debian || !root) {
      throw new LabError(
        `${ref} is not here and cannot be pulled: ${pull.reason}\n` +
          `Pull or load it; a stand-in can only be built by root on Debian.`,
      );
    }
    say(`${ref} cannot be pulled (${pull.reason}): building a STAND-IN under its name ...`);
    // Specs run in parallel: a second build would replace the image that the first one's spec is already using.
    await oneAtATime('stand-in', async () => {
      if (!(await readLocalImage(ref))) await build();
    });
  }
  const image = await readLocalImage(ref);
  if (!image)
    throw new Error(`${ref} was ${pull.kind === 'pulled' ? 'pulled' : 'built'} and is gone`);
  return image;
}

/** `node:24-bookworm-slim`, and whether it is the real one. */
export function formatImage({ ref, standIn }: LocalImage): string {
  const warning =
    ' (STAND-IN built on this machine, not the real image: never publish what is based on it)';
  return `image     ${ref}${standIn ? warning : ''}`;
}
