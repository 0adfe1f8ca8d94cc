import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadFile } from '../platform/workspace';

/** Reads files of a workspace on disk. It loads nothing else, because Nx loads it for every project graph. */
export function fileReader(workspaceRoot: string): ReadFile {
  return (path) => {
    const file = join(workspaceRoot, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
}
