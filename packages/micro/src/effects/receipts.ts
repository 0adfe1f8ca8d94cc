import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeWhole } from './files';

/** A receipt of an earlier step; `undefined` where there is none or it is not one of this version. */
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
 * Leaves a receipt, or leaves the one that is there where only the time would differ: a step that
 * did nothing must not look like a change to the step after it.
 */
export async function writeReceipt<Receipt extends { since: string }>(
  workspaceRoot: string,
  file: string,
  receipt: Receipt,
  previous: Receipt | undefined,
): Promise<void> {
  const unchanged =
    previous && JSON.stringify({ ...receipt, since: previous.since }) === JSON.stringify(previous);
  if (!unchanged) {
    await writeWhole(join(workspaceRoot, file), `${JSON.stringify(receipt, null, 2)}\n`);
  }
}
