import { formatRevision } from '../../deployment/commit';
import type { BuildRequest } from '../../docker/buildx';
import { declaresArgument } from '../../dockerfile/build-sources';
import { readGitFacts } from '../../effects/git';
import { LABELS } from '../../platform/image-labels';
import { formatImageReference, parseImageReference } from '../../platform/image-reference';
import { formatSecret, parseSecret } from './options';
import type { PreparedImage } from './prepare-image';

/** The tag that compose files and people name; it follows the last build and is never pushed. */
const LOCAL_TAG = 'local';

/** Seconds since 1970: when an image says that it was created. */
const EPOCH = 'SOURCE_DATE_EPOCH';

/** The settings for BuildKit, for a single build or a bake. */
export async function buildRequest(prepared: PreparedImage): Promise<BuildRequest> {
  const { task, options, platforms, content } = prepared;
  const { commit, committed = 0, dirty, source } = await readGitFacts(task.runner);
  // Outside the key: the time decides when the image was created, and nothing in it. If the Dockerfile
  // declares it, its commands may write it into files, and it has to be equal for equal content.
  const created = declaresArgument(content.dockerfile, EPOCH) ? 0 : committed;
  return {
    ...options,
    contexts: content.contexts,
    platforms: platforms.target,
    buildArgs: { [EPOCH]: String(created), ...options.buildArgs },
    labels: {
      [LABELS.title]: task.service.name,
      ...(commit ? { [LABELS.revision]: formatRevision({ id: commit, dirty }) } : {}),
      ...(source ? { [LABELS.source]: source } : {}),
      ...options.labels,
      [LABELS.key]: content.key.key,
      [LABELS.service]: task.service.name,
    },
    secrets: options.secrets.map((secret) => formatSecret(parseSecret(secret))),
    tags: [builtReference(prepared), ...tagsOfBuild(prepared)],
    pull: false,
  };
}

/** Tags that need no look at what was built first: each saves a command afterwards. */
function tagsOfBuild(prepared: PreparedImage): string[] {
  const { options, content } = prepared;
  return options.push || content.isShared ? [] : localReferences(prepared);
}

/** With --push every tag is pushed, so the local name, which has no registry, must not be among them. */
export function builtReference({ options, local, remote }: PreparedImage): string {
  return options.push ? remote! : local;
}

/** The names under which people find the image on the engine. */
export function localReferences({ local, tags }: PreparedImage): string[] {
  return [LOCAL_TAG, ...tags].map((name) => withTag(local, name));
}

function withTag(reference: string, tag: string): string {
  return formatImageReference({ ...parseImageReference(reference), tag });
}
