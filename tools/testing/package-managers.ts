import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { mustEnd, startChild } from './child.js';
import { userEnvironment } from './user-environment.js';

/** Package managers that tests run, each as its npm package. */
export const MANAGERS = {
  npm: 'npm@12.2.2',
  'pnpm 10': 'pnpm@10.34.9',
  'pnpm 11': 'pnpm@11.28.11',
  'pnpm 12': 'pnpm@12.21.0',
  yarn: '@yarnpkg/cli-dist@4.18.1',
  bun: 'bun@1.4.5',
} as const;

export type Manager = keyof typeof MANAGERS;

/** Outside of this repository, so that none of its packages is found. Kept for the next run. */
const HOME = join(tmpdir(), 'micro-package-managers');

/** Variables with which this version of a package manager is found first. */
export async function managerEnvironment(manager: Manager): Promise<NodeJS.ProcessEnv> {
  const name = MANAGERS[manager].replace(/^@/, '').replaceAll('/', '-');
  const directory = join(HOME, name);
  if (!existsSync(directory)) {
    await mkdir(HOME, { recursive: true });
    const staging = await mkdtemp(join(HOME, 'staging-'));
    // Their install scripts set up the program for this system. npm 12 only runs them if package.json allows it.
    const manifest = { private: true, allowScripts: { bun: true, pnpm: true } };
    await writeFile(join(staging, 'package.json'), JSON.stringify(manifest));
    const args = ['install', '--no-audit', '--no-fund', MANAGERS[manager]];
    await mustEnd(startChild('npm', args, { cwd: staging, env: userEnvironment() }));
    await rename(staging, directory).catch(() => rm(staging, { recursive: true }));
  }
  const environment = userEnvironment();
  const bin = join(directory, 'node_modules/.bin');
  return { ...environment, PATH: `${bin}${delimiter}${environment['PATH'] ?? ''}` };
}

/** `4.18.1` */
export function managerVersion(manager: Manager): string {
  return MANAGERS[manager].slice(MANAGERS[manager].lastIndexOf('@') + 1);
}
