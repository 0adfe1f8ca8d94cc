import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { runServiceTasks, type EndedTask } from '../service-task';
import { scanImage, type DockerScanOptions } from './scan-image';

/** Scans the images of a run from one process, so that the scanner's database is updated once. */
export default function dockerScanBatch(
  taskGraph: TaskGraph,
  options: Record<string, DockerScanOptions>,
  _overrides: DockerScanOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  return runServiceTasks(taskGraph, context, (task, id) => scanImage(task, options[id] ?? {}));
}
