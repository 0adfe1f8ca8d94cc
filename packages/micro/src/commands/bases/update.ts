import { findBuildSources } from '../../dockerfile/build-sources';
import { replaceImages } from '../../dockerfile/replace-images';
import type { Problem } from '../../platform/problem';
import type { ServiceDockerfile } from './read-bases';
import { pinnedName, type Base } from './report';

/** The Dockerfiles with their base images pinned to what the tags name now. */
export interface BasesUpdate {
  /** Only those that change. */
  files: { service: string; file: string; text: string }[];
  problems: Problem[];
}

/**
 * @param digests what each tag names now, by the base image's name in the Dockerfiles.
 */
export function planUpdate(
  dockerfiles: readonly ServiceDockerfile[],
  digests: ReadonlyMap<string, string>,
): BasesUpdate {
  const names = new Map(
    [...digests].map(([name, digest]) => [name, pinnedName(name, digest)] as const),
  );
  const update: BasesUpdate = { files: [], problems: [] };
  for (const { service, file, text } of dockerfiles) {
    const pinned = replaceImages(text, names);
    for (const { name, written, line } of findBuildSources(pinned).images) {
      if (!names.has(name) || names.get(name) === name) continue;
      update.problems.push({
        file,
        line,
        message: `"${written}" is composed of variables, so nothing says where the digest belongs: write the whole image into one ARG, as in "ARG NODE_IMAGE=${name}"`,
      });
    }
    if (pinned !== text) update.files.push({ service, file, text: pinned });
  }
  return update;
}

/** What prevents the update of a base image. */
export function whyNotUpdated({ name, state, reason, services }: Base): string | undefined {
  const what = `${name} (${services.join(', ')})`;
  switch (state) {
    case 'unknown':
      return `${what}: ${reason}`;
    case 'missing':
      return `${what} is not in the registry`;
    case 'no tag':
    case 'current':
    case 'not pinned':
    case 'outdated':
      return undefined;
  }
}
