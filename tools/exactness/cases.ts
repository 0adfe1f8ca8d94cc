import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackageManager } from './files.js';
import type { Platform } from './platform.js';
import type { StepResult } from './session.js';
import type { Mode } from './toolchain.js';

/** A change that can be repeated: the two platforms before and after it, and everything needed to create them. */
export interface FixedCase {
  /** What it tests, and where it came from. */
  title: string;
  packageManager: PackageManager;
  mode: Mode;
  before: Platform;
  after: Platform;
}

const FOLDER = fileURLToPath(new URL('cases', import.meta.url));

export function readFixedCases(packageManager: PackageManager, mode: Mode): FixedCase[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as FixedCase)
    .filter((fixed) => fixed.packageManager === packageManager && fixed.mode === mode);
}

/** Saves a case that failed; returns its file. */
export async function keepCase(name: string, fixed: FixedCase): Promise<string> {
  const file = join(FOLDER, `${name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.json`);
  await writeFile(file, `${JSON.stringify(fixed, null, 2)}\n`);
  return file;
}

/** What is wrong with a result; empty if nothing is. */
export function problems({ missed, missedByKey, failure }: StepResult): string[] {
  return [
    ...(failure === undefined ? [] : [failure]),
    ...missed.map((name) => `the image of "${name}" changed and was not built`),
    ...missedByKey.map((name) => `not even a run of all services built "${name}"`),
  ];
}
