import type { ExecutorContext } from '@nx/devkit';
import { gitTagPattern, type GitTagPattern } from '../../versioning/git-tag-pattern';
import { namesProject } from '../../versioning/project-patterns';
import type { DockerPushOptions } from '../docker-push/push-image';

/** What the workspace says of the versions of a service, outside of the options of the task. */
export interface VersionSource {
  /** How `nx release` names its git tags. */
  gitTag: GitTagPattern;
  /** The options of its docker-push, such as the key for signatures. */
  push: DockerPushOptions;
}

export function readVersionSource(
  { nxJsonConfiguration, projectsConfigurations }: ExecutorContext,
  name: string,
): VersionSource {
  const { root = '', tags = [], targets = {} } = projectsConfigurations.projects[name] ?? {};
  const pushing = Object.values(targets).find(
    ({ executor }) => executor === '@org/micro:docker-push',
  );
  return {
    gitTag: gitTagPattern(nxJsonConfiguration?.release ?? {}, name, (projects) =>
      namesProject(projects, { name, root, tags }),
    ),
    push: (pushing?.options as DockerPushOptions | undefined) ?? {},
  };
}
