import type { TaskGraph } from '@nx/devkit';

/** A deploy of the same run that Nx starts later, though what it needs may be there by now. */
export interface SiblingDeploy {
  project: string;
  /** When the first of the tasks that it waits for began; what they left has to be newer. */
  since: number;
}

/**
 * The deploys of this run that could be part of this roll. Nx makes several batches of a run in which
 * some builds come from its cache; each begins when all before it have ended, so by the first deploy
 * the pushes of all of them are done.
 *
 * @param own ids of the tasks that this process was started for.
 */
export function findSiblings(
  graph: TaskGraph | undefined,
  own: readonly string[],
): SiblingDeploy[] {
  const first = graph?.tasks[own[0] ?? ''];
  if (!graph || !first) return [];
  const { target, configuration } = first.target;
  return Object.values(graph.tasks).flatMap((task) => {
    const isSibling =
      !own.includes(task.id) &&
      task.endTime === undefined &&
      task.target.target === target &&
      task.target.configuration === configuration;
    if (!isSibling) return [];
    const needs = (graph.dependencies[task.id] ?? []).map((id) => graph.tasks[id]);
    const ended = needs.every((need) => need?.endTime !== undefined);
    if (!ended || needs.length === 0) return [];
    return [
      {
        project: task.target.project,
        since: Math.min(...needs.map((need) => need?.startTime ?? Infinity)),
      },
    ];
  });
}

/** Deploys of this run that neither this roll nor an earlier one has. */
export function laterDeploys(
  graph: TaskGraph | undefined,
  own: readonly string[],
  projects: ReadonlySet<string>,
): string[] {
  const first = graph?.tasks[own[0] ?? ''];
  if (!graph || !first) return [];
  return Object.values(graph.tasks)
    .filter(
      ({ target, endTime }) =>
        target.target === first.target.target &&
        target.configuration === first.target.configuration &&
        endTime === undefined &&
        !projects.has(target.project),
    )
    .map(({ target }) => target.project)
    .sort();
}
