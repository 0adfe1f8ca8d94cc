import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { followEsbuild } from '../../effects/esbuild-process';
import { runServiceTasks, type EndedTask } from '../service-task';
import { buildService, type BuildOptions } from './build-service';

/** Bundles all services of a run in one process, instead of starting one for each. */
export default async function* buildBatch(
  taskGraph: TaskGraph,
  options: Record<string, BuildOptions>,
  _overrides: BuildOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  const endEsbuild = followEsbuild();
  yield* runServiceTasks(taskGraph, context, (task, id) => buildService(task, options[id] ?? {}));
  // When this has ended, Nx waits for every process that is left, until PID 1 has reaped it.
  await endEsbuild();
}
