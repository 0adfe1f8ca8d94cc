import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContenderId } from './contenders/contender.js';
import type { ImageFacts } from './facts.js';
import type { Machine } from './machine.js';
import type { Reading } from './work/work.js';

export interface Results {
  machine: Machine;
  rounds: number;
  readings: Record<string, Partial<Record<ContenderId, Reading[]>>>;
  facts: Partial<Record<ContenderId, ImageFacts>>;
}

/** git and the formatter ignore every folder with this name. */
const FOLDER = join(dirname(fileURLToPath(import.meta.url)), 'tmp');

export async function saveResults(name: string, results: object): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.json`);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

/** The results of the last run with that name. */
export async function loadResults<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as T;
}
