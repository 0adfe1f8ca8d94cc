import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { ownTasks } from '../own-tasks';
import { isOnlyPlanned } from '../planned-tasks';
import { runServiceTask } from '../service-task';
import { pushImage, type DockerPushOptions } from './push-image';

/** Brings the image of a service into its environment's registry, unless it is there already. */
export default function dockerPushExecutor(options: DockerPushOptions, context: ExecutorContext) {
  return runServiceTask(context, (task) => {
    const ids = ownTasks(context, task.service.name);
    const isPlanned = ids.length > 0 && ids.every((id) => isOnlyPlanned(context.taskGraph, id));
    return pushImage(task, options, { isPlanned });
  });
}
