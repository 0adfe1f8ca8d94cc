import { build } from 'esbuild';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildArtifact } from '../../../packages/micro/src/effects/bundle-artifact.js';
import { mustRun } from '../../command.js';
import { ROOT } from '../../generated/file.js';
import type { FunctionCode } from '../../lambda/emulator.js';
import { packChassis } from '../../testing/packed-plugin.js';

const PROJECT = 'apps/hello';

export interface Application {
  /** The bundle that `lambda-build` makes. */
  bundled: FunctionCode;
  /** The same sources, compiled file by file, with their packages installed beside them. */
  installed: FunctionCode;
  /** A function of one line: what Lambda's own part, AWS's runtime and Node take. */
  empty: FunctionCode;
  /** The bundle that `build` makes for the container: a process of its own. */
  container: string;
}

/** Generates a service with `--lambda` in an empty folder, and builds it in each way. */
export async function buildApplication(workspace: string): Promise<Application> {
  const files = {
    'package.json': { name: '@acme/source', private: true, workspaces: ['apps/*'] },
    'tsconfig.base.json': { compilerOptions: {} },
    'nx.json': {},
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(workspace, name), JSON.stringify(content));
  }
  await symlink(join(ROOT, 'node_modules'), join(workspace, 'node_modules'), 'dir');
  await mustRun(
    'npx',
    ['nx', 'g', '@org/micro:service', 'hello', '--lambda', '--skipInstall', '--no-interactive'],
    { cwd: workspace, env: { NX_DAEMON: 'false' } },
  );
  const bundle = async (entry: string, outputPath: string) => {
    const settings = { entry, external: [], assets: [] };
    const request = { workspaceRoot: workspace, projectRoot: PROJECT, build: settings, outputPath };
    await buildArtifact(request);
    return join(workspace, outputPath, 'app');
  };
  const installed = await install(workspace);
  // Both ways have the same packages, in the same versions.
  const modules = join(installed.folder, 'node_modules');
  await symlink(modules, join(workspace, PROJECT, 'node_modules'), 'dir');
  return {
    bundled: { folder: await bundle('src/lambda.ts', 'dist/lambda'), handler: 'main.handler' },
    installed,
    empty: await writeEmpty(join(workspace, 'empty')),
    container: join(await bundle('src/main.ts', 'dist/container'), 'main.js'),
  };
}

async function writeEmpty(folder: string): Promise<FunctionCode> {
  await mkdir(folder);
  const handler = `export const handler = async () => ({ statusCode: 200, headers: {}, body: '' });\n`;
  await writeFile(join(folder, 'main.mjs'), handler);
  return { folder, handler: 'main.handler' };
}

async function install(workspace: string): Promise<FunctionCode> {
  const folder = join(workspace, 'installed');
  await mkdir(folder);
  await build({
    absWorkingDir: join(workspace, PROJECT),
    entryPoints: ['src/**/*.ts'],
    outbase: '.',
    outdir: folder,
    bundle: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const { dependencies } = JSON.parse(
    await readFile(join(workspace, PROJECT, 'package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const chassis = `file:${await packChassis(folder)}`;
  const manifest = { type: 'module', dependencies: { ...dependencies, '@org/chassis': chassis } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await mustRun('npm', ['install', '--omit=dev', '--no-audit', '--no-fund'], { cwd: folder });
  return { folder, handler: 'src/lambda.handler' };
}
