import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../generated/file.js';
import { SERVICE } from './reading.js';

const PORT = 3001;
const TEMPLATE = 'packages/micro/src/generators/service/files/npm/Dockerfile.template';

/** A workspace with one service that bundles what a service usually has. The name of the platform is unique on the engines. */
export async function createStoreWorkspace(): Promise<{
  root: string;
  name: string;
  remove: () => Promise<void>;
}> {
  const name = `bench-stores-${randomBytes(4).toString('hex')}`;
  const root = join(tmpdir(), name);
  const service = `apps/${SERVICE}`;
  const template = await readFile(join(ROOT, TEMPLATE), 'utf8');
  const files = {
    'package.json': '{ "name": "@bench/source", "private": true }\n',
    'compose.yaml': `name: ${name}\ninclude:\n  - ${service}/compose.yaml\n`,
    'environments/development.yml': 'engine: compose\n',
    [`${service}/package.json`]: `{ "name": "@bench/${SERVICE}", "version": "1.0.0" }\n`,
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
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return { root, name, remove: () => rm(root, { recursive: true, force: true }) };
}
