import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { buildFunction, type LambdaBuildOptions } from './build-function';

/** Bundles a service as a Lambda function: a zip to upload. */
export default function lambdaBuildExecutor(options: LambdaBuildOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) => buildFunction(task, options));
}
