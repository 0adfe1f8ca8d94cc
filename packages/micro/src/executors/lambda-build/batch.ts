import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { endingEsbuild } from '../../effects/esbuild-process';
import { runServiceTasks, type EndedTask } from '../service-task';
import { buildFunction, type LambdaBuildOptions } from './build-function';

/** Bundles all functions of a run in one process, instead of starting one for each. */
export default function lambdaBuildBatch(
  taskGraph: TaskGraph,
  options: Record<string, LambdaBuildOptions>,
  _overrides: LambdaBuildOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  return endingEsbuild(
    runServiceTasks(taskGraph, context, (task, id) => buildFunction(task, options[id] ?? {})),
  );
}
