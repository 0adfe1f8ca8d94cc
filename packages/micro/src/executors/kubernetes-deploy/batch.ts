import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { deployBatch } from '../deploy-batch';
import type { DeployOptions } from '../deploy-options';
import { deployRun } from './deploy-run';

export default function kubernetesDeployBatch(
  taskGraph: TaskGraph,
  options: Record<string, DeployOptions>,
  _overrides: DeployOptions,
  context: ExecutorContext,
) {
  return deployBatch(deployRun, taskGraph, options, context);
}
