import { parseVersion, type Version } from './version';

/** What of `release` in nx.json decides how `nx release` names its git tags. */
export interface ReleaseConfig {
  projects?: string | string[];
  projectsRelationship?: string;
  releaseTag?: { pattern?: string };
  /** The name until Nx 22. */
  releaseTagPattern?: string;
  groups?: Record<string, Omit<ReleaseConfig, 'groups'>>;
}

/** How the git tags of a project are written: `{projectName}@{version}`, with the name filled in. */
export interface GitTagPattern {
  before: string;
  after: string;
}

/**
 * The pattern of the first release group that a project is in.
 *
 * @param isOf whether a list of projects, as it is in nx.json, contains the project.
 */
export function gitTagPattern(
  { groups, ...workspace }: ReleaseConfig,
  project: string,
  isOf: (projects: readonly string[]) => boolean,
): GitTagPattern {
  const [name, group] = Object.entries(groups ?? {}).find(([, { projects = [] }]) =>
    isOf([projects].flat()),
  ) ?? ['', {}];
  const relationship = group.projectsRelationship ?? workspace.projectsRelationship;
  const shared = patternOf(workspace);
  const pattern =
    patternOf(group) ??
    (relationship === 'independent'
      ? shared?.includes('{projectName}')
        ? shared
        : '{projectName}@{version}'
      : (shared ?? 'v{version}'));
  const [before = '', after = ''] = pattern
    .replaceAll('{projectName}', () => project)
    .replaceAll('{releaseGroupName}', () => name)
    .split('{version}');
  return { before, after };
}

function patternOf({ releaseTag, releaseTagPattern }: ReleaseConfig): string | undefined {
  return releaseTag?.pattern ?? releaseTagPattern;
}

/** The version that a git tag of this pattern names; `undefined` for all other tags. */
export function versionOfGitTag(
  { before, after }: GitTagPattern,
  tag: string,
): Version | undefined {
  if (!tag.startsWith(before) || !tag.endsWith(after)) return undefined;
  return parseVersion(tag.slice(before.length, tag.length - after.length));
}
