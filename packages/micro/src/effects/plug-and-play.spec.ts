import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildService } from '../executors/build/build-service';
import { recordedTask, type RecordedTask } from '../testing/service-task';

type Dependencies = Readonly<Record<string, string>>;

/** A package where Yarn unpacks it: archives can only be read in a process that Yarn started. */
const folderOf = (name: string, reference: string) =>
  `.yarn/unplugged/${name}-${reference.replace(/\W/g, '-')}/node_modules/${name}`;

const PACKAGES: readonly [name: string, reference: string, dependencies: Dependencies][] = [
  ['addon', 'npm:1.0.0', { compiler: 'npm:2.0.0' }],
  ['compiler', 'npm:2.0.0', { absent: 'npm:1.0.0' }],
  ['plain', 'npm:3.0.0', {}],
];
const ROOT_DEPENDENCIES = { addon: 'npm:1.0.0', plain: 'npm:3.0.0' };

/** As Yarn writes it, and esbuild reads it. */
const DATA = {
  enableTopLevelFallback: true,
  fallbackExclusionList: [],
  fallbackPool: [],
  ignorePatternData: null,
  dependencyTreeRoots: [{ name: 'acme', reference: 'workspace:.' }],
  packageRegistryData: [
    [null, [[null, place('./', ROOT_DEPENDENCIES)]]],
    ...PACKAGES.map(([name, reference, dependencies]) => [
      name,
      [[reference, place(`./${folderOf(name, reference)}/`, dependencies)]],
    ]),
  ],
};

function place(packageLocation: string, dependencies: Dependencies) {
  return { packageLocation, packageDependencies: Object.entries(dependencies), linkType: 'HARD' };
}

const entry = (name: string, version: string, more = '') => `"${name}@npm:${version}":
  version: ${version}
  resolution: "${name}@npm:${version}"
${more}  languageName: node
  linkType: hard
`;

const manifestIn = (folder: string, more: object) => ({
  [`${folder}/package.json`]: JSON.stringify({ license: 'ISC', ...more }),
});

const files = (approved: object) => ({
  'package.json': JSON.stringify({ name: 'acme', dependenciesMeta: approved }),
  '.pnp.data.json': JSON.stringify(DATA),
  'yarn.lock': `__metadata:
  version: 10
  cacheKey: 10c0

${entry('addon', '1.0.0', '  dependencies:\n    compiler: "npm:2.0.0"\n')}
${entry('compiler', '2.0.0')}`,
  'apps/orders/src/main.ts': `import addon from 'addon';\nimport { plain } from 'plain';\nconsole.log(addon, plain);\n`,
  ...manifestIn(folderOf('addon', 'npm:1.0.0'), {
    name: 'addon',
    version: '1.0.0',
    gypfile: true,
    dependencies: { compiler: '2.0.0' },
  }),
  ...manifestIn(folderOf('compiler', 'npm:2.0.0'), {
    name: 'compiler',
    version: '2.0.0',
    scripts: { postinstall: 'node compile.js' },
    optionalDependencies: { absent: '1.0.0' },
  }),
  ...manifestIn(folderOf('plain', 'npm:3.0.0'), { name: 'plain', version: '3.0.0' }),
  [`${folderOf('plain', 'npm:3.0.0')}/index.js`]: `exports.plain = 'plain';\n`,
});

/** A task in a process as `yarn nx` starts it: Yarn answers where the packages of its workspace are. */
function startedByYarn(approved: object = { compiler: { built: true } }): RecordedTask {
  const task = recordedTask(files(approved));
  const root = realpathSync(task.workspaceRoot);
  const locate = (name: string, issuer: string) => {
    const from = PACKAGES.find(([one, version]) =>
      issuer.startsWith(`${join(root, folderOf(one, version))}/`),
    );
    const reference = (from ? from[2] : (ROOT_DEPENDENCIES as Dependencies))[name];
    if (reference !== undefined) return `${join(root, folderOf(name, reference))}/`;
    throw Object.assign(new Error(`${issuer} does not declare ${name}`), {
      code: 'MODULE_NOT_FOUND',
    });
  };
  const api = { resolveToUnqualified: locate, resolveVirtual: () => null };
  const yarn = module as { findPnpApi?: (path: string) => object | null };
  yarn.findPnpApi = (path) => (path.startsWith(root) ? api : null);
  onTestFinished(() => {
    delete yarn.findPnpApi;
  });
  return task;
}

describe("a build with Plug'n'Play", () => {
  it('bundles what it can, and takes the rest from yarn.lock', async () => {
    const task = startedByYarn();
    await buildService(task, {});
    expect(task.said).toContain(
      '  installed in the image instead of bundled: addon (a native addon)',
    );
    const read = (file: string) => task.read(`dist/apps/orders/app/${file}`)!;
    expect(read('main.js')).toContain('// node_modules/plain/index.js');
    expect(read('main.js')).not.toContain('.yarn');
    expect(JSON.parse(read('package.json'))).toMatchObject({
      dependencies: { addon: 'npm:1.0.0' },
      dependenciesMeta: { compiler: { built: true } },
    });
    expect(read('.yarnrc.yml')).toBe('nodeLinker: node-modules\n');
    expect(read('yarn.lock')).toContain('"compiler@npm:2.0.0":');
  });

  it('names the licence of each package, bundled or installed', async () => {
    const task = startedByYarn();
    await buildService(task, {});
    const { components } = JSON.parse(task.read('dist/sboms/apps/orders/sbom.cdx.json')!) as {
      components: { name: string; version: string; licenses: { license: { id: string } }[] }[];
    };
    expect(
      components.map(({ name, version, licenses }) => [name, version, licenses[0]?.license.id]),
    ).toEqual([
      ['addon', '1.0.0', 'ISC'],
      ['compiler', '2.0.0', 'ISC'],
      ['plain', '3.0.0', 'ISC'],
    ]);
  });

  it('names install scripts about which nobody decided', async () => {
    await expect(buildService(startedByYarn({}), {})).rejects.toThrow(
      'package.json does not approve the install scripts of compiler@2.0.0.',
    );
  });

  it('says how to start Nx if Yarn did not, and writes nothing', async () => {
    const task = recordedTask(files({}));
    await expect(buildService(task, {})).rejects.toThrow(
      `.pnp.data.json says that packages are installed with Plug'n'Play of Yarn, but Nx was not started by Yarn, so packages cannot be read: use "yarn nx" instead of "nx" or "npx nx". If you have left Plug'n'Play, remove .pnp.data.json`,
    );
    expect(existsSync(join(task.workspaceRoot, 'dist'))).toBe(false);
  });
});
