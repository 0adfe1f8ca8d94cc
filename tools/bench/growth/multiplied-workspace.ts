import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from '../application/json.js';
import { SCOPE } from '../application/services.js';
import { createWorkspace, type Workspace } from '../../testing/workspace.js';
import { SAMPLE } from './sample-workspace.js';

const LIBRARIES = 10;
const FIRST_PORT = 3001;

export const serviceName = (index: number) => `service-${String(index + 1).padStart(4, '0')}`;
const libraryName = (index: number) => `library-${index + 1}`;

/**
 * A workspace with a given number of services, each like the sample, with one of ten libraries and, for every second
 * one, a link. It is synced and committed. It uses the sample's installed packages.
 */
export async function multiply(sample: Workspace, services: number): Promise<Workspace> {
  const workspace = await createWorkspace(`growth-${services}`);
  try {
    await symlink(join(sample.root, 'node_modules'), join(workspace.root, 'node_modules'));
    for (const file of ['package.json', 'package-lock.json', 'nx.json', 'tsconfig.base.json']) {
      await workspace.write(file, await sample.read(file));
    }
    await workspace.write('.gitignore', `${await sample.read('.gitignore')}\nnode_modules\n`);
    await workspace.write('environments/development.yml', await sample.read(DEVELOPMENT));
    for (let index = 0; index < LIBRARIES; index++) await writeLibrary(workspace, index);
    const files = await readSample(sample);
    for (let index = 0; index < services; index++) await writeService(workspace, files, index);
    await workspace.nx('sync');
    await workspace.commit(`${services} services`);
    await workspace.edit(CHANGED_FILE, 'Hello', 'Good day');
    await workspace.commit('One line in one service');
    return workspace;
  } catch (error) {
    await workspace.remove();
    throw error;
  }
}

const DEVELOPMENT = 'environments/development.yml';
const CHANGED_FILE = `apps/${serviceName(0)}/src/routes/hello.ts`;

/** The sample's files by their path in its folder, without those that sync derives. */
async function readSample(sample: Workspace): Promise<Record<string, string>> {
  const folder = `apps/${SAMPLE}/`;
  const listed = await sample.git('ls-files', folder);
  const derived = ['compose.yaml', '.serve.env', 'Dockerfile.dockerignore'];
  const paths = listed
    .split('\n')
    .filter(Boolean)
    .map((path) => path.slice(folder.length))
    .filter((path) => !derived.includes(path));
  const entries = paths.map(async (path) => [path, await sample.read(folder + path)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function writeService(
  workspace: Workspace,
  files: Record<string, string>,
  index: number,
): Promise<void> {
  const name = serviceName(index);
  const library = `${SCOPE}/${libraryName(index % LIBRARIES)}`;
  for (const [path, text] of Object.entries(files)) {
    const own = text
      .replaceAll(SAMPLE, name)
      .replaceAll(String(FIRST_PORT), String(FIRST_PORT + index));
    await workspace.write(`apps/${name}/${path}`, own);
  }
  await workspace.edit(
    `apps/${name}/src/app.ts`,
    'import { helloRoutes }',
    `import { value } from '${library}';\nimport { helloRoutes }`,
  );
  await workspace.edit(
    `apps/${name}/src/app.ts`,
    'helloRoutes(app);',
    'value();\n      helloRoutes(app);',
  );
  await workspace.edit(
    `apps/${name}/package.json`,
    '"dependencies": {',
    `"dependencies": {\n    "${library}": "*",`,
  );
  if (index % 2 === 1) {
    const manifest = await workspace.read(`apps/${name}/service.yml`);
    const without = manifest.replace(/^consumes:.*\n/m, '');
    const link = `consumes: [${serviceName(index - 1)}]\n`;
    await workspace.write(`apps/${name}/service.yml`, without + link);
  }
}

async function writeLibrary(workspace: Workspace, index: number): Promise<void> {
  const root = `packages/${libraryName(index)}`;
  await workspace.write(
    `${root}/package.json`,
    json({
      name: `${SCOPE}/${libraryName(index)}`,
      version: '0.0.1',
      private: true,
      type: 'module',
      exports: { '.': './src/index.ts' },
    }),
  );
  await workspace.write(`${root}/src/index.ts`, `export const value = () => ${index};\n`);
}
