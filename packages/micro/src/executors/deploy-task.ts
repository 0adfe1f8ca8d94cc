import type { ExecutorContext } from '@nx/devkit';
import { listenForInterruption } from '../effects/interruption';
import type { Runner } from '../effects/process';
import type { DeployOptions } from './deploy-options';
import { deployTogether, type Deploy } from './deploy-together';
import { ownTasks } from './own-tasks';
import { runServiceTask, type ServiceTask } from './service-task';

/**
 * Deploys what was last pushed of a service, together with other services of the same run that are ready. Nothing else
 * is touched.
 */
export function deployTask(
  deploy: Deploy,
  options: DeployOptions,
  context: ExecutorContext,
  runner?: Runner,
) {
  const work = async (task: ServiceTask) => {
    const interruption = listenForInterruption();
    try {
      const failures = await deployTogether([task], {
        context,
        ids: ownTasks(context, task.service.name),
        options,
        interruption,
        tell: task.say,
        deploy,
      });
      const failure = failures.get(task.service.name);
      if (failure) throw failure;
    } finally {
      interruption.dispose();
    }
  };
  return runServiceTask(context, work, runner);
}
