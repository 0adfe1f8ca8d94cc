import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { followEsbuild } from '../../effects/esbuild-process';
import { runServiceTasks, type EndedTask } from '../service-task';
import { buildFunction, type LambdaBuildOptions } from './build-function';

/** Bundles all functions of a run in one process, instead of starting one for each. */
export default async function* lambdaBuildBatch(
  taskGraph: TaskGraph,
  options: Record<string, LambdaBuildOptions>,
  _overrides: LambdaBuildOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  const endEsbuild = followEsbuild();
  yield* runServiceTasks(taskGraph, context, (task, id) => buildFunction(task, options[id] ?? {}));
  // When this has ended, Nx waits for every process that is left, until PID 1 has reaped it.
  await endEsbuild();
}
