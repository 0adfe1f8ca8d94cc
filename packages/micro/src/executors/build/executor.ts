import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { buildService, type BuildOptions } from './build-service';

/** Bundles a service into its artifact: everything its image needs, and nothing else. */
export default function buildExecutor(options: BuildOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) => buildService(task, options));
}
