import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { isOnlyPlanned } from '../planned-tasks';
import { runServiceTasks, type EndedTask } from '../service-task';
import { pushImage, type DockerPushOptions } from './push-image';

/** How many images are pushed at the same time; the engine itself uploads five layers at once. */
const PUSHES = 8;

/** Pushes the images of a run from one process, instead of starting one for each. */
export default function dockerPushBatch(
  taskGraph: TaskGraph,
  options: Record<string, DockerPushOptions>,
  _overrides: DockerPushOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  return runServiceTasks(
    taskGraph,
    context,
    (task, id) =>
      pushImage(task, options[id] ?? {}, { isPlanned: isOnlyPlanned(context.taskGraph, id) }),
    PUSHES,
  );
}
