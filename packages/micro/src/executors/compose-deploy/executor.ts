import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import type { Runner } from '../../effects/process';
import { runServiceTask, type ServiceTask } from '../service-task';
import { deployTogether } from './deploy-together';
import { listenForInterruption } from '../../effects/interruption';
import type { ComposeDeployOptions } from './options';

/**
 * Deploys what was last pushed of a service, together with other services of the same run that are ready. Nothing else
 * is touched.
 */
export default function composeDeployExecutor(
  options: ComposeDeployOptions,
  context: ExecutorContext,
) {
  return deployService(options, context);
}

/** The same with another runner than the usual one. */
export function deployService(
  options: ComposeDeployOptions,
  context: ExecutorContext,
  runner?: Runner,
) {
  const work = async (task: ServiceTask) => {
    const interruption = listenForInterruption();
    try {
      const failures = await deployTogether([task], {
        context,
        ids: ownTask(context, task.service.name),
        runner: task.runner,
        options,
        interruption,
        tell: task.say,
      });
      const failure = failures.get(task.service.name);
      if (failure) throw failure;
    } finally {
      interruption.dispose();
    }
  };
  return runServiceTask(context, work, runner);
}

function ownTask({ taskGraph, targetName, configurationName }: ExecutorContext, project: string) {
  return Object.values(taskGraph?.tasks ?? {})
    .filter(
      ({ target }) =>
        target.project === project &&
        target.target === targetName &&
        (configurationName === undefined || target.configuration === configurationName),
    )
    .map(({ id }) => id);
}
