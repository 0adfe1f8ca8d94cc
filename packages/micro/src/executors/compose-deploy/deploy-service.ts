import type { ServiceTask } from '../service-task';
import { deployRun } from './deploy-run';
import { listenForInterruption } from '../../effects/interruption';
import type { ComposeDeployOptions } from './options';

/**
 * Deploys one service: a run of its own.
 * @throws {UserError} where it could not; then what served before serves still.
 */
export async function deployService(
  task: ServiceTask,
  options: ComposeDeployOptions,
): Promise<void> {
  const interruption = listenForInterruption();
  try {
    const failures = await deployRun({
      ...task,
      tasks: [task],
      options,
      tell: task.say,
      interruption,
    });
    const failure = failures.get(task.service.name);
    if (failure) throw failure;
  } finally {
    interruption.dispose();
  }
}
