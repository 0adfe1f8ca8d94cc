import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { isOnlyPlanned } from '../planned-tasks';
import { runServiceTask } from '../service-task';
import { pushImage, type DockerPushOptions } from './push-image';

/** Brings the image of a service into its environment's registry, unless it is there already. */
export default function dockerPushExecutor(options: DockerPushOptions, context: ExecutorContext) {
  const { taskGraph, projectName, targetName, configurationName } = context;
  const id = [projectName, targetName, configurationName].filter(Boolean).join(':');
  const isPlanned = isOnlyPlanned(taskGraph, id);
  return runServiceTask(context, (task) => pushImage(task, options, { isPlanned }));
}
