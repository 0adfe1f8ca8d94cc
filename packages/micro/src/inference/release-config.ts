import type { ProjectConfiguration } from '@nx/devkit';

/** The tag of every service, for lists of projects such as those in nx.json. */
export const SERVICE_TAG = 'micro:service';

/** How `nx release` finds the version of a service: in git, because a version in a file would be another content. */
export const RELEASE: NonNullable<ProjectConfiguration['release']> = {
  version: {
    versionActions: '@org/micro/version-actions',
    currentVersionResolver: 'git-tag',
    fallbackCurrentVersionResolver: 'disk',
  },
};
