import { deleteService } from '../../../effects/ecs-state';
import { NONE } from '../../../ecs/live-service';
import type { EcsPlan } from '../../../ecs/service-plan';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { removeAutoscaler } from './autoscaler';

/** Deletes the services that left the workspace. @throws {UserError} naming each that could not be deleted. */
export async function prune(run: Run, { left }: EcsPlan): Promise<void> {
  for (const [name, { record }] of left) {
    await attempt(run, name, async () => {
      if (record && record.hashes.autoscaler !== NONE) await removeAutoscaler(run, name);
      await deleteService(run.aws, run.scope, name);
      run.tell(formatStep(name, 'removed', 'its task definitions and logs stay'));
    });
  }
  const failed = [...left.keys()].flatMap((name) => run.failures.get(name)?.message ?? []);
  if (failed.length > 0) throw new UserError(failed.join('\n'));
}
