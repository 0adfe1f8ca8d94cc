import { rename, rm } from 'node:fs/promises';

/** Replaces one folder with another. If two builds do this at the same time, the last one wins. */
export async function replaceFolder(staging: string, output: string): Promise<void> {
  const aside = `${staging}-old`;
  try {
    for (let attempt = 0; ; attempt++) {
      await rename(output, aside).catch(unlessCode('ENOENT'));
      try {
        return await rename(staging, output);
      } catch (error) {
        if (attempt === 10) throw error;
        unlessCode('ENOTEMPTY', 'EEXIST')(error);
        await rm(aside, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function unlessCode(...codes: readonly string[]) {
  return (error: unknown): void => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}
