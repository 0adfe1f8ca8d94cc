import type { Task } from '@aws-sdk/client-ecs';

/** Why a task stopped, in the words of ECS, and with which code its containers ended. */
export function taskTrouble({ stoppedReason, containers = [] }: Task): string[] {
  const own = containers.flatMap(({ name, exitCode, reason }) => [
    ...(reason === undefined ? [] : [`${name}: ${reason}`]),
    ...(exitCode === undefined || exitCode === 0
      ? []
      : [`${name} ended with exit code ${exitCode}`]),
  ]);
  return [...(stoppedReason === undefined ? [] : [stoppedReason]), ...own];
}
