import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeWhole } from './files';

/** A receipt of an earlier step; `undefined` if there is none or it is not one of this version. */
export async function readReceipt<Schema extends z.ZodType>(
  workspaceRoot: string,
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  try {
    const text = await readFile(join(workspaceRoot, file), 'utf8');
    return schema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/**
 * Writes a receipt. If only the time would differ, the existing one stays, because a step that did nothing must not
 * look like a change to the next step.
 */
export async function writeReceipt<Receipt extends { since: string }>(
  workspaceRoot: string,
  file: string,
  receipt: Receipt,
  previous: Receipt | undefined,
): Promise<void> {
  const unchanged =
    previous && JSON.stringify({ ...receipt, since: previous.since }) === JSON.stringify(previous);
  const path = join(workspaceRoot, file);
  if (!unchanged) return writeWhole(path, `${JSON.stringify(receipt, null, 2)}\n`);
  // Nx hashes content, so the new file time changes nothing for it. Later steps of the same run read that time.
  const now = new Date();
  await utimes(path, now, now);
}

/** Whether a receipt was written or confirmed at or after that time, in milliseconds since 1970. */
export async function isConfirmedSince(
  workspaceRoot: string,
  file: string,
  since: number,
): Promise<boolean> {
  try {
    return (await stat(join(workspaceRoot, file))).mtimeMs >= since;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
