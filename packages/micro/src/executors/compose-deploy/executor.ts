import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import type { ComposeDeployOptions } from '../deploy-options';
import { deployTask } from '../deploy-task';
import { deployRun } from './deploy-run';

export default function composeDeployExecutor(
  options: ComposeDeployOptions,
  context: ExecutorContext,
) {
  return deployTask(deployRun, options, context);
}
