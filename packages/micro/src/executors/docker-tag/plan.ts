import type { ImageTag } from '../../image/tags';
import { LABELS } from '../../platform/image-labels';

/** An image that the registry has under a tag. */
export interface TaggedImage {
  digest: string;
  labels: Readonly<Record<string, string>>;
}

/** What to do for the tags of a version. */
export interface TagsPlan {
  /** Tags that are new or move to this version. */
  add: string[];
  /** Tags of this version alone that name other content. */
  refused: { tag: string; digest: string }[];
}

/** A tag whose image has the same digest or the same key is there already. One with a whole version never moves. */
export function planTags(
  image: { digest: string; key: string },
  tags: readonly ImageTag[],
  remote: ReadonlyMap<string, TaggedImage>,
): TagsPlan {
  const others = tags.flatMap(({ tag, immutable }) => {
    const there = remote.get(tag);
    const isSame = there?.digest === image.digest || there?.labels[LABELS.key] === image.key;
    return isSame ? [] : [{ tag, immutable, digest: there?.digest }];
  });
  return {
    add: others.filter((one) => !one.immutable || one.digest === undefined).map(({ tag }) => tag),
    refused: others.flatMap(({ tag, immutable, digest }) =>
      immutable && digest !== undefined ? [{ tag, digest }] : [],
    ),
  };
}
