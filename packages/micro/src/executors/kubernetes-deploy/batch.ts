import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { deployBatch } from '../deploy-batch';
import type { ClusterDeployOptions } from '../deploy-options';
import { deployRun } from './deploy-run';

export default function kubernetesDeployBatch(
  taskGraph: TaskGraph,
  options: Record<string, ClusterDeployOptions>,
  _overrides: ClusterDeployOptions,
  context: ExecutorContext,
) {
  return deployBatch(deployRun, taskGraph, options, context);
}
