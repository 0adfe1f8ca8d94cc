import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { deployBatch } from '../deploy-batch';
import type { EcsDeployOptions } from '../deploy-options';
import { deployRun } from './deploy-run';

export default function ecsDeployBatch(
  taskGraph: TaskGraph,
  options: Record<string, EcsDeployOptions>,
  _overrides: EcsDeployOptions,
  context: ExecutorContext,
) {
  return deployBatch(deployRun, taskGraph, options, context);
}
