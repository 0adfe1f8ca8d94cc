import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { runServiceTasks, type EndedTask } from '../service-task';
import { tagImage, type DockerTagOptions } from './tag-image';
import { readVersionSource } from './version-source';

/** Tags the images of a run from one process, instead of starting one for each. */
export default function dockerTagBatch(
  taskGraph: TaskGraph,
  options: Record<string, DockerTagOptions>,
  _overrides: DockerTagOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  return runServiceTasks(taskGraph, context, (task, id) =>
    tagImage(task, options[id] ?? {}, readVersionSource(context, task.service.name)),
  );
}
