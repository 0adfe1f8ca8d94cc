import type { TaskGraph } from '@nx/devkit';
import { receiptFile } from '../image/receipt';

/** A deploy of the same run that Nx starts later, although its image may be pushed already. */
export interface SiblingDeploy {
  project: string;
  /** When the first task that it waits for began: its receipts must be newer. */
  since: number;
  /** All files and folders that the tasks that it waits for leave behind. */
  outputs: readonly string[];
}

/**
 * The deploys of this run that could be part of this roll. If some builds come from the cache, Nx splits a run into
 * several batches. Each begins when those before it have ended, so all images are ready before the first deploy.
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
        outputs: needs.flatMap((need) => need?.outputs ?? []),
      },
    ];
  });
}

/** The receipt that says whether the image of such a deploy is ready: of the push, or of the build if nothing is pushed. */
export function receiptOfSibling(
  { outputs }: Pick<SiblingDeploy, 'outputs'>,
  projectRoot: string,
  environment: string,
): string {
  const pushed = receiptFile(projectRoot, 'docker-push', environment);
  const built = receiptFile(projectRoot, 'docker-build');
  return outputs.includes(built) && !outputs.includes(pushed) ? built : pushed;
}

/** Deploys of this run that are in neither this roll nor an earlier one. */
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
