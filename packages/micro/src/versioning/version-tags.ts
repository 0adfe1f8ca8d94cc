import type { ImageTag } from '../image/tags';
import { compareVersions, type Version } from './version';

/** What images of a version are tagged with unless someone asks for other tags. */
export const VERSION_TAGS: readonly string[] = ['{version}', '{minor}', '{major}'];

/** The tags that a version gets, and those that stay on a later version. */
export interface VersionTags {
  tags: ImageTag[];
  /** Each with the version that keeps it; for a prerelease there may be none. */
  kept: { tag: string; by: string | undefined }[];
}

/**
 * Fills the templates in. A tag for several versions, as `1.4`, `1` or `latest`, names the highest of them: 1.3.5 does
 * not take `1` from 1.4.0, and a prerelease takes no such tag.
 *
 * @param others all versions that the service has.
 * @param fill the tag of a version by a template.
 */
export function versionTags(
  templates: readonly string[],
  version: Version,
  others: readonly Version[],
  fill: (template: string, version: Version) => ImageTag,
): VersionTags {
  const result: VersionTags = { tags: [], kept: [] };
  for (const template of templates) {
    const filled = fill(template, version);
    const rivals = filled.immutable
      ? []
      : others.filter((other) => !other.isPrerelease && fill(template, other).tag === filled.tag);
    const [highest] = rivals.filter((other) => isHigher(other, version)).sort(descending);
    if (!filled.immutable && (version.isPrerelease || highest)) {
      result.kept.push({ tag: filled.tag, by: (highest ?? rivals.sort(descending)[0])?.text });
    } else result.tags.push(filled);
  }
  return result;
}

function isHigher(a: Version, b: Version): boolean {
  return compareVersions(a, b) > 0;
}

function descending(a: Version, b: Version): number {
  return compareVersions(b, a);
}
