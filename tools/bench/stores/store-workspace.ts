import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../generated/file.js';
import { json } from '../application/json.js';
import { PUSHED, SERVICE } from './reading.js';

const PORT = 3001;
const TEMPLATE = 'packages/micro/src/generators/service/files/npm/Dockerfile.template';

/** The engines of the benchmark have no network. */
export const BUILD_ARGUMENTS = ['--network=none'];

const NX = {
  plugins: ['@org/micro'],
  namedInputs: { default: ['{projectRoot}/**/*'], production: ['default'] },
  targetDefaults: { '@org/micro:docker-build': { options: { args: BUILD_ARGUMENTS } } },
  analytics: false,
};

/**
 * A workspace with one service that bundles what a service usually has. The name of the platform is unique on the engines.
 *
 * @param registry of the environment `pushed`, such as `127.0.0.1:5000`.
 */
export async function createStoreWorkspace(registry: string): Promise<{
  root: string;
  name: string;
  remove: () => Promise<void>;
}> {
  const name = `bench-stores-${randomBytes(4).toString('hex')}`;
  const root = join(tmpdir(), name);
  const service = `apps/${SERVICE}`;
  const template = await readFile(join(ROOT, TEMPLATE), 'utf8');
  const files = {
    'package.json': json({ name: '@bench/source', private: true, workspaces: ['apps/*'] }),
    'nx.json': json(NX),
    '.gitignore': 'node_modules\ndist\n.nx\n',
    'compose.yaml': `name: ${name}\ninclude:\n  - ${service}/compose.yaml\n`,
    'environments/development.yml': 'engine: compose\n',
    [`environments/${PUSHED}.yml`]: `engine: compose\nregistry: ${registry}\n`,
    [`${service}/package.json`]: json({
      name: `@bench/${SERVICE}`,
      version: '1.0.0',
      nx: { name: SERVICE },
    }),
    [`${service}/service.yml`]: `port: ${PORT}\n`,
    [`${service}/compose.yaml`]: `services:\n  ${SERVICE}:\n    image: ${name}/${SERVICE}:local\n`,
    [`${service}/src/main.ts`]: `import fastify from 'fastify';\nimport { z } from 'zod';\nconsole.log(fastify, z);\n`,
    [`${service}/Dockerfile`]: template
      .replaceAll('<%= root %>', service)
      .replaceAll('<%= port %>', String(PORT)),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  // Nx finds the packages that a target names there.
  await copyFile(join(ROOT, 'package-lock.json'), join(root, 'package-lock.json'));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return { root, name, remove: () => rm(root, { recursive: true, force: true }) };
}
