import { pinnedImage } from '../../deployment/override';
import { readPushedImages } from '../../effects/pushed-images';
import type { AnyEnvironment } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { formatList } from '../../terminal/step';

/**
 * What is rendered is what was last pushed, by digest.
 * @throws {UserError} naming the services of which nothing was pushed.
 */
export async function readPinnedImages(
  workspaceRoot: string,
  platform: Platform,
  { name: environment, links }: AnyEnvironment,
) {
  const pushed = await readPushedImages(workspaceRoot, platform, environment);
  const missing = platform.services
    .map(({ name }) => name)
    .filter((name) => !pushed.has(name) && !Object.hasOwn(links, name));
  if (missing.length > 0) {
    throw new UserError(
      `nothing of ${formatList(missing)} was pushed for ${environment} yet: run nx run-many -t docker-push -c ${environment} --projects=${missing.join(',')}`,
    );
  }
  return new Map(
    [...pushed].map(([name, push]) => [name, { key: push.key, image: pinnedImage(push) }] as const),
  );
}
