import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { pruneInstall, writeInstall } from '../../../packages/micro/src/effects/prune-install.js';
import { startChild } from '../../testing/child.js';
import type { Manager } from '../../testing/package-managers.js';
import { seededRandom, type Random } from '../random.js';
import { installedTree } from './installed-tree.js';
import { startMadeRegistry } from './made-registry.js';
import { drawUniverse } from './universe.js';
import { drawWorkspace, PROJECT, writeFiles } from './workspace.js';

/** The result of one case. */
export type CaseResult =
  | { kind: 'equal' }
  /** The workspace itself could not be installed: no case. */
  | { kind: 'void'; why: string }
  /** Ours: pruning ended with an error, or the tool did not take what it left. */
  | { kind: 'refused'; why: string }
  | { kind: 'differing'; why: string };

const INSTALL: Readonly<Record<string, readonly string[]>> = {
  npm: ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps=false'],
  pnpm: ['install', '--no-frozen-lockfile', '--ignore-scripts'],
  yarn: ['install', '--no-immutable'],
  bun: ['install', '--ignore-scripts'],
};

/** The install commands of our Dockerfiles. */
const FROZEN: Readonly<Record<string, readonly string[]>> = {
  npm: ['ci', '--omit=dev', '--no-audit', '--no-fund'],
  pnpm: ['install', '--prod', '--frozen-lockfile'],
  yarn: ['install', '--immutable'],
  bun: ['install', '--frozen-lockfile', '--production', '--linker=hoisted'],
};

/**
 * Generates workspaces, installs each with the real package manager, prunes its lockfile, and installs the pruned one,
 * frozen, in its own folder.
 */
export async function playCases(
  manager: Manager,
  environment: NodeJS.ProcessEnv,
  seed: number,
  cases: number,
  onCase: (result: CaseResult, at: number) => void,
): Promise<void> {
  const random = seededRandom(seed);
  const universe = drawUniverse(random);
  const registry = await startMadeRegistry(universe);
  const scratch = await realpath(await mkdtemp(join(tmpdir(), 'micro-installs-')));
  const environmentOfCase = {
    ...environment,
    // Own caches, because another seed has other packages with the same name and version.
    HOME: join(scratch, 'home'),
    npm_config_cache: join(scratch, 'npm'),
    npm_config_userconfig: join(scratch, 'no-npmrc'),
    YARN_GLOBAL_FOLDER: join(scratch, 'yarn'),
    BUN_INSTALL_CACHE_DIR: join(scratch, 'bun'),
  };
  try {
    await mkdir(join(scratch, 'home'));
    for (let at = 0; at < cases; at++) {
      const root = join(scratch, `case-${at}`);
      const { files, roots } = drawWorkspace(random, universe, manager, registry.url);
      await mkdir(root);
      await writeFiles(root, files);
      onCase(await playCase(manager, environmentOfCase, root, roots, random), at);
      await rm(root, { recursive: true, force: true });
    }
  } finally {
    await registry.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function playCase(
  manager: Manager,
  env: NodeJS.ProcessEnv,
  root: string,
  roots: readonly string[],
  random: Random,
): Promise<CaseResult> {
  const program = manager.split(' ')[0]!;
  const made = await startChild(program, INSTALL[program]!, { cwd: root, env }).ended;
  if (made.exitCode !== 0) return { kind: 'void', why: made.output };
  const external = [...new Set([roots[0]!, ...random.some(roots, roots.length)])];
  const places = new Map(external.map((name) => [name, placeOf(root, name)]));
  const image = join(root, '..', 'image');
  await rm(image, { recursive: true, force: true });
  await mkdir(image);
  try {
    await writeInstall(root, image, pruneInstall(root, places, PROJECT));
  } catch (error) {
    return { kind: 'refused', why: (error as Error).message };
  }
  const installed = await startChild(program, FROZEN[program]!, { cwd: image, env }).ended;
  if (installed.exitCode !== 0) return { kind: 'refused', why: installed.output };
  const [is, should] = [
    installedTree(image, external),
    installedTree(join(root, PROJECT), external),
  ];
  const wrong = [
    ...should.filter((line) => !is.includes(line)).map((line) => `not there: ${line}`),
    ...is.filter((line) => !should.includes(line)).map((line) => `there: ${line}`),
  ];
  return wrong.length === 0 ? { kind: 'equal' } : { kind: 'differing', why: wrong.join('\n') };
}

/** The folder in which the bundler finds a package that `apps/a` imports. */
function placeOf(root: string, name: string): string {
  const own = join(root, PROJECT, 'node_modules', name);
  return relative(root, existsSync(own) ? own : join(root, 'node_modules', name));
}
