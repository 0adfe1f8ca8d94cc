import type { NxJsonConfiguration } from '@nx/devkit';
import { SERVICE_TAG } from '../../inference/release-config';
import { UserError } from '../../platform/user-error';
import type { JsonEdit } from '../json-text';

const PROJECTS = `tag:${SERVICE_TAG}`;

const GROUP = {
  projects: [PROJECTS],
  projectsRelationship: 'independent',
  version: { conventionalCommits: true },
  changelog: { file: '{projectRoot}/CHANGELOG.md' },
  releaseTag: { pattern: '{projectName}@{version}' },
};

/** Without the second, Nx writes no changelog for a service that has no version yet. */
const CHANGELOG = { workspaceChangelog: false, automaticFromRef: true };

const EXECUTOR = '@org/micro:docker-tag';

/**
 * The edits of nx.json with which `nx release` knows the services; what a person set stays.
 *
 * @throws {UserError} if there is a configuration without groups: Nx accepts no group beside it.
 */
export function planReleaseConfig(
  { release = {}, targetDefaults }: NxJsonConfiguration,
  environment: string,
): JsonEdit[] {
  const groups = release.groups ?? {};
  if (release.groups === undefined && Object.keys(release).some((key) => key in PER_GROUP)) {
    throw new UserError(
      'nx.json: "release" is set for the whole workspace, and services need a release group of their own. Move "projects" and what belongs to them into a group, as in "groups": { "packages": { "projects": [...] } }, and run this again',
    );
  }
  const hasServices = Object.values(groups).some(({ projects }) =>
    [projects].flat().includes(PROJECTS),
  );
  const tagging = (targetDefaults as Record<string, unknown> | undefined)?.[EXECUTOR];
  return [
    ...(hasServices
      ? []
      : [{ path: ['release', 'groups', freeName(groups)], from: undefined, to: GROUP }]),
    ...Object.entries(CHANGELOG).map(([key, value]) => {
      const from = (release.changelog as Record<string, unknown> | undefined)?.[key];
      return { path: ['release', 'changelog', key], from, to: from ?? value };
    }),
    {
      path: ['targetDefaults', EXECUTOR],
      from: tagging,
      to: tagging ?? { options: { environment } },
    },
  ];
}

/** What Nx takes either for the workspace or in its groups. */
const PER_GROUP = { projects: true, projectsRelationship: true, version: true, releaseTag: true };

function freeName(groups: object): string {
  return 'services' in groups ? 'micro-services' : 'services';
}
