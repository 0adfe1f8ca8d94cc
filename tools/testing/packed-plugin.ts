import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { ROOT } from '../generated/file.js';

const PACKAGE = join(ROOT, 'packages/micro');

/** Packs the compiled plugin as it would be published; returns the tarball's name in `directory`. */
export async function packPlugin(directory: string): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  const [packed] = JSON.parse(await mustRun('npm', args, { cwd: PACKAGE })) as {
    filename: string;
  }[];
  return packed!.filename;
}

export function pluginVersion(): string {
  const text = readFileSync(join(PACKAGE, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
