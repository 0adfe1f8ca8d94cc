import type { TaskGraph } from '@nx/devkit';

/** Whether all tasks that wait for this one only print a plan (`--plan`), so that nothing is to be changed for them. */
export function isOnlyPlanned(graph: TaskGraph | undefined, id: string): boolean {
  const waiting = Object.values(graph?.tasks ?? {}).filter((task) =>
    graph!.dependencies[task.id]?.includes(id),
  );
  return waiting.length > 0 && waiting.every(({ overrides }) => isTrue(overrides['plan']));
}

/** Nx gives `--plan` as a boolean, and may give `--plan=true` as text. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
