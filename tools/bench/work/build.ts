import { compareImages, readImages } from '../engine/images.js';
import type { Site } from '../site.js';
import type { Reading } from './work.js';

/** Times an Nx command and counts what it did to the images, as seen on the engine. */
export async function timeBuild(
  site: Site,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<Reading> {
  const before = await readImages(site);
  const value = await site.time(args, env);
  const after = await readImages(site);
  const now = new Set(Object.values(after).map(({ id }) => id));
  for (const { id } of Object.values(before)) if (!now.has(id)) site.replaced.add(id);
  return { value, ...compareImages(before, after) };
}

export function runAll({ contender }: Site): string[] {
  return ['run-many', `--targets=${contender.target}`];
}

export function runOne({ contender }: Site, service: string): string[] {
  return ['run-many', `--targets=${contender.target}`, `--projects=${service}`];
}

/** The projects that the last commit affects. */
export function runAffected({ contender }: Site): string[] {
  return ['affected', `--targets=${contender.target}`, '--base=HEAD~1', '--head=HEAD'];
}
