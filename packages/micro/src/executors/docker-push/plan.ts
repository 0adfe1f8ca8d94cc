import type { ImageTag } from '../../image/tags';
import { LABELS } from '../../platform/image-labels';

/** An image in the registry, as far as pushing needs to know it. */
export interface RemoteFacts {
  digest: string;
  labels: Readonly<Record<string, string>>;
}

/** What to do for one tag of one repository. */
export type TagPlan =
  | { kind: 'there'; tag: string; digest: string }
  | { kind: 'push'; tag: string; moves: string | undefined }
  | { kind: 'refuse'; tag: string; digest: string; reason: string };

/**
 * Decides for each tag whether it is pushed. A tag whose image has the same key is already there, whoever built it. An
 * immutable tag with another key is never moved.
 */
export function planPush(
  key: string,
  tags: readonly ImageTag[],
  remote: ReadonlyMap<string, RemoteFacts>,
): TagPlan[] {
  return tags.map(({ tag, immutable }): TagPlan => {
    const there = remote.get(tag);
    if (!there) return { kind: 'push', tag, moves: undefined };
    const theirs = there.labels[LABELS.key];
    if (theirs === key) return { kind: 'there', tag, digest: there.digest };
    if (!immutable) return { kind: 'push', tag, moves: there.digest };
    const what = theirs === undefined ? 'an image without a key' : `content ${theirs.slice(0, 12)}`;
    return { kind: 'refuse', tag, digest: there.digest, reason: `it names ${what}` };
  });
}
