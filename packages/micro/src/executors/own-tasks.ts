import type { ExecutorContext } from '@nx/devkit';

/** The ids of the tasks for which an executor runs in a project. Nx does not tell it: more than one if nobody named a configuration. */
export function ownTasks(
  { taskGraph, targetName, configurationName }: ExecutorContext,
  project: string,
): string[] {
  return Object.values(taskGraph?.tasks ?? {})
    .filter(
      ({ target }) =>
        target.project === project &&
        target.target === targetName &&
        (configurationName === undefined || target.configuration === configurationName),
    )
    .map(({ id }) => id);
}
