import { readHost } from '../debian/host.js';
import { oneAtATime } from '../one-at-a-time.js';
import { LabError, say } from '../program.js';
import { readLocalImage, type LocalImage } from './local-image.js';
import { pullImage } from './pull.js';

/** How to make something that behaves as a public image does, if that image cannot be found or pulled. */
export interface StandIn {
  /** The public image's own reference, so that `FROM` and compose files need not know. */
  ref: string;
  /** Builds and tags it. Only called as root on Debian, with an engine that answers. */
  build: () => Promise<void>;
}

/**
 * The image under its public name: present, or pulled, or else its stand-in is built.
 * @throws LabError if it is none of these.
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
    // Specs run beside each other: a second build would replace the image that the first one's spec uses by now.
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
