import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { buildImage } from './build-image';
import type { DockerBuildOptions } from './options';

/** Makes sure that the image of a service is there, and builds it only if its content is new. */
export default function dockerBuildExecutor(options: DockerBuildOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) => buildImage(task, options));
}
