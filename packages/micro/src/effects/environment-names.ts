import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOfFile, ENVIRONMENTS_FOLDER } from '../platform/environment-file';

/** The environments that the workspace declares. */
export function environmentNames(workspaceRoot: string): string[] {
  const folder = join(workspaceRoot, ENVIRONMENTS_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => environmentOfFile(file) ?? [])
    .sort();
}
