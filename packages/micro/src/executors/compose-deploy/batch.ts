import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { deployBatch } from '../deploy-batch';
import type { ComposeDeployOptions } from '../deploy-options';
import { deployRun } from './deploy-run';

export default function composeDeployBatch(
  taskGraph: TaskGraph,
  options: Record<string, ComposeDeployOptions>,
  _overrides: ComposeDeployOptions,
  context: ExecutorContext,
) {
  return deployBatch(deployRun, taskGraph, options, context);
}
