import { z } from 'zod';

/** Goes up with every change that a reader of version 1 would misread; new fields alone do not count. */
export const FOLDER_STATUS_VERSION = 1;

/** What `micro status --folder --json` prints; what it prints for people is formatted from the same. */
export const folderStatusSchema = z
  .object({
    version: z.literal(FOLDER_STATUS_VERSION).describe('Version of this format'),
    platform: z.string(),
    environment: z.string(),
    namespace: z.string(),
    folder: z.string(),
    objects: z
      .array(
        z.object({
          object: z.string().describe('Kind and name, such as `deployment/orders`'),
          state: z
            .enum(['in-step', 'drifted', 'missing'])
            .describe('`missing`: the cluster does not have it'),
          drift: z.array(z.string()).describe('The paths at which the cluster has something else'),
        }),
      )
      .describe('The objects of the folder'),
    left: z
      .array(z.string())
      .describe('Objects of the platform in the cluster that the folder does not have'),
    files: z
      .array(
        z.object({
          path: z.string(),
          state: z
            .enum(['changed', 'added', 'stale'])
            .describe('`added`: the folder does not have it; `stale`: it is not rendered any more'),
        }),
      )
      .describe('Files of the folder that "micro render" would write otherwise'),
    notes: z.array(z.string()).describe('What could not be compared'),
  })
  .describe('How a rendered folder, the cluster and the workspace differ');
export type FolderStatus = z.output<typeof folderStatusSchema>;

/** Whether the folder, the cluster and the workspace are the same, as far as all could be compared. */
export function isFolderInStep({ objects, left, files, notes }: FolderStatus): boolean {
  return (
    objects.every(({ state }) => state === 'in-step') &&
    [left, files, notes].every(({ length }) => length === 0)
  );
}
