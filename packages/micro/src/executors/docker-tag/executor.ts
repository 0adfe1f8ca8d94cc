import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { tagImage, type DockerTagOptions } from './tag-image';
import { readVersionSource } from './version-source';

/** Gives the image of a service its version's tags in the registry. */
export default function dockerTagExecutor(options: DockerTagOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) =>
    tagImage(task, options, readVersionSource(context, task.service.name)),
  );
}
