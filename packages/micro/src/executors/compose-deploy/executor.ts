import '../compile-cache';
import type { ExecutorContext } from '@nx/devkit';
import { runServiceTask } from '../service-task';
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
  return runServiceTask(context, async (task) => {
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
  });
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
