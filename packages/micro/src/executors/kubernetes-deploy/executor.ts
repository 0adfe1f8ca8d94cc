import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import type { DeployOptions } from '../deploy-options';
import { deployTask } from '../deploy-task';
import { deployRun } from './deploy-run';

export default function kubernetesDeployExecutor(options: DeployOptions, context: ExecutorContext) {
  return deployTask(deployRun, options, context);
}
