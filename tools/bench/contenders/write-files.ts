import type { Files } from '../application/sources.js';
import type { Workspace } from '../../testing/workspace.js';

export async function writeFiles(workspace: Workspace, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) await workspace.write(path, text);
}
