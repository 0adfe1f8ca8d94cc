import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { endingEsbuild } from '../../effects/esbuild-process';
import { runServiceTasks, type EndedTask } from '../service-task';
import { buildService, type BuildOptions } from './build-service';

/** Bundles all services of a run in one process, instead of starting one for each. */
export default function buildBatch(
  taskGraph: TaskGraph,
  options: Record<string, BuildOptions>,
  _overrides: BuildOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  return endingEsbuild(
    runServiceTasks(taskGraph, context, (task, id) => buildService(task, options[id] ?? {})),
  );
}
