import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';

/**
 * Copies a folder as hard links, which takes one second instead of ten.
 *
 * @param to must not exist.
 * @param own files, relative to the folder, that are changed in place: `to` gets real copies of them.
 */
export async function linkFolder(from: string, to: string, own: readonly string[]): Promise<void> {
  await mustRun('cp', ['-al', from, to]);
  for (const file of own) {
    if (!existsSync(join(to, file))) continue;
    await copyFile(join(to, file), join(to, `${file}.own`));
    await rename(join(to, `${file}.own`), join(to, file));
  }
}
