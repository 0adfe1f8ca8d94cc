import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manager } from '../../testing/package-managers.js';
import type { Random } from '../random.js';
import { filesOf } from './made-registry.js';
import { pack } from './pack.js';
import { nameOf, type Universe } from './universe.js';

/** A workspace of packages: the dependencies of each, and the root's settings for all. */
export interface MadeWorkspace {
  /** Path of a file -> its content. */
  files: Readonly<Record<string, string | Buffer>>;
  /** Names by which `apps/a` depends on packages that an image may install. */
  roots: readonly string[];
}

export const PROJECT = 'apps/a';

/** Each of these is in some of the workspaces: overrides, a patch, an alias, a packed package. */
export function drawWorkspace(
  random: Random,
  universe: Universe,
  manager: Manager,
  registry: string,
): MadeWorkspace {
  const direct = () =>
    Object.fromEntries(
      random
        .some(
          universe.filter(({ os }) => os === undefined).map(({ name }) => name),
          6,
        )
        .map((name) => [name, random.pick(['^1.0.0', '1.1.0', '^2.0.0', '*'])]),
    );
  const ofA: Record<string, string> = { [nameOf(0)]: '^1.0.0', ...direct() };
  if (random.chance(0.4)) ofA['alias'] = `npm:${nameOf(5)}@1.0.0`;
  const packed = { name: 'packed', version: '1.2.3', dependencies: { [nameOf(18)]: '^1.0.0' } };
  const files: Record<string, string | Buffer> = {};
  if (random.chance(0.4)) {
    ofA['packed'] = 'file:../../vendor/packed-1.2.3.tgz';
    files['vendor/packed-1.2.3.tgz'] = pack(filesOf(packed));
  }
  const workspaces = {
    'apps/a': { name: '@acme/a', version: '1.0.0', private: true, dependencies: { ...ofA } },
    'apps/b': { name: '@acme/b', version: '1.0.0', private: true, dependencies: direct() },
    'libs/c': { name: '@acme/c', version: '1.0.0', private: true, dependencies: direct() },
  };
  const overridden = nameOf(random.below(20));
  const overrides =
    random.chance(0.5) && ofA[overridden] === undefined && !isDirect(workspaces, overridden)
      ? { [overridden]: random.pick(['1.0.0', '2.0.0']) }
      : {};
  for (const [folder, manifest] of Object.entries(workspaces)) {
    files[`${folder}/package.json`] = JSON.stringify(manifest);
  }
  const isPatched = manager !== 'npm' && random.chance(0.4);
  if (isPatched) files[PATCH] = PATCH_TEXT;
  Object.assign(files, rootFiles(manager, registry, overrides, isPatched));
  return { files, roots: Object.keys(ofA) };
}

function isDirect(
  workspaces: Readonly<Record<string, { dependencies: Record<string, string> }>>,
  name: string,
): boolean {
  return Object.values(workspaces).some(({ dependencies }) => dependencies[name] !== undefined);
}

/** The package on which every `apps/a` depends as `^1.0.0`. */
const PATCHED = `${nameOf(0)}@1.1.0`;
const PATCH = 'patches/p0.patch';
const PATCH_TEXT = `diff --git a/index.js b/index.js
--- a/index.js
+++ b/index.js
@@ -1 +1,2 @@
+// patched
 module.exports = '${PATCHED}';
`;

function rootFiles(
  manager: Manager,
  registry: string,
  overrides: Readonly<Record<string, string>>,
  isPatched: boolean,
): Record<string, string> {
  const patchedDependencies = isPatched ? { [PATCHED]: PATCH } : {};
  const manifest = { name: '@acme/source', private: true, workspaces: ['apps/*', 'libs/*'] };
  const npmrc = { '.npmrc': `registry=${registry}\n` };
  const json = (more: object) => ({ 'package.json': JSON.stringify({ ...manifest, ...more }) });
  switch (manager) {
    case 'npm':
      return { ...json({ overrides }), ...npmrc };
    case 'bun':
      return { ...json({ overrides, patchedDependencies }), ...npmrc };
    case 'yarn':
      return {
        ...json({
          resolutions: {
            ...overrides,
            ...(isPatched
              ? { [`${nameOf(0)}@npm:^1.0.0`]: `patch:${nameOf(0)}@npm%3A1.1.0#~/${PATCH}` }
              : {}),
          },
        }),
        '.yarnrc.yml': JSON.stringify({
          nodeLinker: 'node-modules',
          enableTelemetry: false,
          npmRegistryServer: registry,
          unsafeHttpWhitelist: ['127.0.0.1'],
        }),
      };
    default:
      return {
        ...json({}),
        ...npmrc,
        'pnpm-workspace.yaml': JSON.stringify({
          packages: ['apps/*', 'libs/*'],
          overrides,
          patchedDependencies,
        }),
      };
  }
}

export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}
