import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** A committed file of this repository that is generated from others. */
export interface GeneratedFile {
  /** Relative to the repository's root. */
  path: string;
  text: string;
}

export function writeGenerated(files: readonly GeneratedFile[]): void {
  for (const { path, text } of files) {
    writeFileSync(join(ROOT, path), text);
    console.log(`wrote ${path}`);
  }
}

/** The text of a committed file; an empty string if there is none. */
export function readCommitted(path: string): string {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
