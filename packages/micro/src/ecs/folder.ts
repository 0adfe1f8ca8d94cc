import type { EcsEntry, RenderedEcs } from './render';

/** The file that lists the others. */
export const ECS_LIST = 'index.json';

/** A file of a rendered folder, its path relative to that. */
export interface RenderedJson {
  path: string;
  text: string;
}

/**
 * The inputs as a folder: a file for each call, in the order in which they are made, and a list of them.
 * `aws … --cli-input-json file://…` reads each.
 */
export function ecsFolder({ entries }: RenderedEcs): RenderedJson[] {
  const files = entries.flatMap(filesOf);
  return [
    ...files.map(({ path, value }) => ({ path, text: textOf(value) })),
    {
      path: ECS_LIST,
      text: textOf({ writtenBy: 'micro render', files: files.map(({ path }) => path) }),
    },
  ];
}

function filesOf(entry: EcsEntry): { path: string; value: object }[] {
  const { name, taskDefinition } = entry;
  const first = { path: `${name}.task-definition.json`, value: taskDefinition };
  if (entry.kind === 'job') return [first, { path: `${name}.run-task.json`, value: entry.runTask }];
  const { createService, autoscaler } = entry;
  return [
    first,
    { path: `${name}.service.json`, value: createService },
    ...(autoscaler ? [{ path: `${name}.scalable-target.json`, value: autoscaler.target }] : []),
    ...(autoscaler?.policies ?? []).map(({ of, input }) => ({
      path: `${name}.scaling-policy-${of}.json`,
      value: input,
    })),
  ];
}

function textOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
