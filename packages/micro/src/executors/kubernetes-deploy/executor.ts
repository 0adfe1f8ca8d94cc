import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import type { ClusterDeployOptions } from '../deploy-options';
import { deployTask } from '../deploy-task';
import { deployRun } from './deploy-run';

export default function kubernetesDeployExecutor(
  options: ClusterDeployOptions,
  context: ExecutorContext,
) {
  return deployTask(deployRun, options, context);
}
