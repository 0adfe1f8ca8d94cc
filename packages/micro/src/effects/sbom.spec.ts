import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../tools/generated/file';
import { bundleOptions } from '../artifact/bundle';
import { buildService } from '../executors/build/build-service';
import { recordedTask, type RecordedTask } from '../testing/service-task';
import { writeFiles } from '../testing/temporary-workspace';

const SBOM = 'dist/sboms/apps/orders/sbom.cdx.json';

interface Sbom {
  components: { group?: string; name: string; version?: string; purl: string; scope: string }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

const sbomOf = (task: RecordedTask) => JSON.parse(task.read(SBOM)!) as Sbom;
const labelsOf = ({ components }: Sbom) =>
  components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`);

/** What esbuild itself says is in the bundle: the nearest package.json with a version above each file. */
async function inBundle({ workspaceRoot }: RecordedTask): Promise<string[]> {
  const { metafile } = await build({
    ...bundleOptions({
      workspaceRoot,
      entry: 'apps/orders/src/main.ts',
      outfile: join(workspaceRoot, 'out.js'),
      conditions: [],
      sourcemap: false,
    }),
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const labels = files.flatMap(([file]) => {
    if (!file.includes('node_modules/')) return [];
    for (let at = dirname(join(workspaceRoot, file)); ; at = dirname(at)) {
      const manifest = join(at, 'package.json');
      if (!existsSync(manifest)) continue;
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (version !== undefined) return [`${name}@${version}`];
    }
  });
  return [...new Set(labels)].sort();
}

const manifest = (name: string, version: string, more: object = {}) =>
  JSON.stringify({ name, version, license: 'MIT', ...more });

const packages = {
  'node_modules/outer/package.json': manifest('outer', '1.0.0'),
  // Says what kind of modules lie there, as packages with two kinds do.
  'node_modules/outer/esm/package.json': '{ "type": "module" }',
  'node_modules/outer/index.js': `module.exports = require('inner') + require('./esm/a.cjs');`,
  'node_modules/outer/esm/a.cjs': 'module.exports = 1;',
  'node_modules/outer/node_modules/inner/package.json': manifest('inner', '1.0.0'),
  'node_modules/outer/node_modules/inner/index.js': 'module.exports = 1;',
  'node_modules/inner/package.json': manifest('inner', '2.0.0'),
  'node_modules/inner/index.js': 'module.exports = 2;',
  'node_modules/alias/package.json': manifest('@real/name', '3.0.0'),
  'node_modules/alias/index.js': 'module.exports = 3;',
  // Only passes on what another one exports: esbuild leaves nothing of it.
  'node_modules/barrel/package.json': manifest('barrel', '1.0.0', {
    sideEffects: false,
    main: 'index.mjs',
  }),
  'node_modules/barrel/index.mjs': `export { used } from 'parts';`,
  'node_modules/parts/package.json': manifest('parts', '1.0.0', {
    sideEffects: false,
    main: 'index.mjs',
  }),
  'node_modules/parts/index.mjs': `export const used = () => process.pid;`,
  'node_modules/dropped/package.json': manifest('dropped', '1.0.0', {
    sideEffects: false,
    main: 'index.mjs',
  }),
  'node_modules/dropped/index.mjs': `export const unused = 1;`,
};

const files = {
  'package.json': '{ "name": "acme" }',
  ...packages,
  'apps/orders/src/main.ts': `import outer from 'outer';
import inner from 'inner';
import alias from 'alias';
import { used } from 'barrel';
import { unused } from 'dropped';
import { own } from '../../../libs/own';
console.log(outer, inner, alias, used(), own);
`,
  'libs/own.ts': 'export const own = 1;\n',
};

describe('writeSbom', () => {
  it('names exactly the packages that are in the bundle', async () => {
    const task = recordedTask(files);
    await buildService(task, {});
    const sbom = sbomOf(task);
    const labels = ['@real/name@3.0.0', 'inner@1.0.0', 'inner@2.0.0', 'outer@1.0.0', 'parts@1.0.0'];
    expect(labelsOf(sbom)).toEqual(labels);
    expect(await inBundle(task)).toEqual(labels);
    expect(sbom.dependencies).toEqual([
      {
        ref: 'orders',
        dependsOn: ['@real/name@3.0.0', 'inner@2.0.0', 'outer@1.0.0', 'parts@1.0.0'],
      },
      { ref: '@real/name@3.0.0' },
      { ref: 'inner@1.0.0' },
      { ref: 'inner@2.0.0' },
      { ref: 'outer@1.0.0', dependsOn: ['inner@1.0.0'] },
      { ref: 'parts@1.0.0' },
    ]);
  });

  it('names exactly the packages of a real server', async () => {
    const task = recordedTask({
      'package.json': '{ "name": "acme" }',
      'apps/orders/src/main.ts': `import Fastify from 'fastify';\nconsole.log(Fastify());\n`,
    });
    symlinkSync(join(ROOT, 'node_modules'), join(task.workspaceRoot, 'node_modules'));
    await buildService(task, {});
    const labels = labelsOf(sbomOf(task));
    expect(labels.length).toBeGreaterThan(20);
    expect([...labels].sort()).toEqual(await inBundle(task));
  });

  it('lies outside the artifact, and is the same text wherever it is built', async () => {
    const [one, two] = [recordedTask(files), recordedTask(files)];
    await buildService(one, {});
    await buildService(two, {});
    expect(one.read(SBOM)).toBe(two.read(SBOM));
    expect(one.read(SBOM)).not.toContain(one.workspaceRoot);
    expect(one.read('dist/apps/orders/app/main.js')).toBeDefined();
    // A package that changes its licence changes the SBOM, and nothing of the image.
    writeFiles(two.workspaceRoot, {
      'node_modules/inner/package.json': manifest('inner', '2.0.0', { license: 'ISC' }),
    });
    await buildService(two, {});
    expect(two.read(SBOM)).not.toBe(one.read(SBOM));
    expect(two.read('dist/apps/orders/app/main.js')).toBe(one.read('dist/apps/orders/app/main.js'));
  });

  it('names what the image installs, with licences that the lockfile does not have', async () => {
    const task = recordedTask({
      'package.json': '{ "name": "acme" }',
      'node_modules/addon/package.json': manifest('addon', '1.0.0', {
        gypfile: true,
        dependencies: { helper: '1' },
        license: 'ISC',
      }),
      'node_modules/addon/index.js': 'module.exports = 1;',
      'node_modules/helper/package.json': manifest('helper', '1.2.0'),
      'node_modules/helper/index.js': 'module.exports = 1;',
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: {
          'node_modules/addon': { version: '1.0.0', dependencies: { helper: '1' } },
          'node_modules/helper': { version: '1.2.0' },
          'node_modules/unrelated': { version: '1.0.0' },
        },
      }),
      'apps/orders/src/main.ts': `import addon from 'addon';\nconsole.log(addon);\n`,
    });
    mkdirSync(join(task.workspaceRoot, 'dist'));
    await buildService(task, {});
    const { components, dependencies } = sbomOf(task);
    expect(components).toMatchObject([
      {
        name: 'addon',
        purl: 'pkg:npm/addon@1.0.0',
        licenses: [{ license: { id: 'ISC' } }],
        properties: [{ name: 'micro:location', value: 'app/node_modules' }],
      },
      { name: 'helper', purl: 'pkg:npm/helper@1.2.0', licenses: [{ license: { id: 'MIT' } }] },
    ]);
    expect(dependencies).toEqual([{ ref: 'orders', dependsOn: ['addon@1.0.0'] }]);
  });
});
