import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './command.js';
import { oneAtATime } from './one-at-a-time.js';
import { say } from './program.js';

/**
 * Installs packages of npm once, without their scripts, into a folder of which nothing else is in use.
 *
 * @param packages each as `name@version`.
 * @param what for the progress message, with how long it takes.
 */
export async function ensureNpmPackages(
  folder: string,
  packages: readonly string[],
  what: string,
): Promise<void> {
  const mark = join(folder, 'complete');
  await oneAtATime(folder, async () => {
    if (existsSync(mark)) return;
    say(`installing ${what}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await mustRun('npm', ['install', ...quietly, ...packages], { cwd: folder });
    await writeFile(mark, '');
  });
}
