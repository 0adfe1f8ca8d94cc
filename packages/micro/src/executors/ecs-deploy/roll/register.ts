import type { RegisterTaskDefinitionCommandInput, Tag } from '@aws-sdk/client-ecs';
import { runAws, type Aws } from '../../../effects/aws';
import { UserError } from '../../../platform/user-error';

/** Registers a task definition, with more tags than were rendered. @returns its ARN, with the revision. */
export async function registerTask(
  aws: Aws,
  name: string,
  input: RegisterTaskDefinitionCommandInput,
  more: readonly Tag[] = [],
): Promise<string> {
  const { taskDefinition } = await runAws<{ taskDefinition: { taskDefinitionArn: string } }>(
    aws,
    ['ecs', 'register-task-definition'],
    `Could not register the task definition of ${name}`,
    { ...input, tags: [...(input.tags ?? []), ...more] },
  );
  return taskDefinition.taskDefinitionArn;
}

/** Takes back one that nothing runs: what stays is what was deployed. */
export async function deregisterTask(aws: Aws, taskDefinition: string): Promise<void> {
  const args = ['ecs', 'deregister-task-definition', '--task-definition', taskDefinition];
  try {
    await runAws(aws, args, `Could not take back ${taskDefinition}`);
  } catch (error) {
    // It costs nothing, and the next deploy registers its own.
    if (!(error instanceof UserError)) throw error;
  }
}
