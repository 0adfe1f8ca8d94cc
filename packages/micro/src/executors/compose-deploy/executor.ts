import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
import { deployService } from './deploy-service';
import type { ComposeDeployOptions } from './options';

/** Brings one service of an environment up to its last push, and touches nothing else. */
export default function composeDeployExecutor(
  options: ComposeDeployOptions,
  context: ExecutorContext,
) {
  return runServiceTask(context, (task) => deployService(task, options));
}
