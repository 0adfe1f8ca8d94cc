import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import type { EcsDeployOptions } from '../deploy-options';
import { deployTask } from '../deploy-task';
import { deployRun } from './deploy-run';

export default function ecsDeployExecutor(options: EcsDeployOptions, context: ExecutorContext) {
  return deployTask(deployRun, options, context);
}
