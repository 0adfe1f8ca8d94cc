import { readJson, readNxJson, updateJson, type NxJsonConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parseEnvironment } from '../../platform/environment';
import { treeFiles } from '../../testing/tree-files';
import { presetGenerator } from '../preset/generator';
import { initGenerator } from './generator';

describe('init', () => {
  let tree: Tree;

  const text = (environment: string) => tree.read(`environments/${environment}.yml`, 'utf8') ?? '';

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  });

  it('registers the plugin, its sync generator and the inputs that decide an image', async () => {
    await initGenerator(tree, {});
    const nxJson = readNxJson(tree);
    expect(nxJson?.plugins).toEqual(['@org/micro']);
    expect(nxJson?.sync?.globalGenerators).toEqual(['@org/micro:sync']);
    expect(nxJson?.pluginsConfig).toEqual({
      '@nx/js': { projectsAffectedByDependencyUpdates: 'auto' },
    });
    expect(nxJson?.namedInputs?.['production']).toEqual([
      'default',
      '!{projectRoot}/Dockerfile',
      '!{projectRoot}/Dockerfile.dockerignore',
      '!{projectRoot}/compose.yaml',
      '!{projectRoot}/.serve.env',
      '!{projectRoot}/**/*.{spec,test}.ts',
      '!{projectRoot}/**/*.md',
      '!{projectRoot}/eslint.config.*',
      '!{projectRoot}/vitest.config.*',
      '!{projectRoot}/tsconfig.spec.json',
    ]);
    expect(nxJson?.namedInputs?.['default']).toEqual(['{projectRoot}/**/*', 'sharedGlobals']);
    expect(nxJson?.targetDefaults?.['test']).toMatchObject({ cache: true });
  });

  it('creates the root files', async () => {
    await initGenerator(tree, {});
    expect(tree.read('compose.yaml', 'utf8')).toContain('name: acme\n');
    expect(tree.read('environments/development.yml', 'utf8')).toContain('\nengine: compose\n');
    expect(parseEnvironment('staging', text('staging'))).toMatchObject({
      images: 'local',
      portOffset: 1000,
    });
    expect(parseEnvironment('production', text('production'))).toMatchObject({
      images: 'pushed',
      portOffset: 2000,
    });
    expect(text('production')).toContain('by digest: set `registry: registry.example.com/acme`');
    expect(tree.read('.gitignore', 'utf8')?.split('\n')).toEqual(
      expect.arrayContaining(['dist', '.env', '.nx/cache', '.nx/workspace-data', 'tmp']),
    );
    expect(tree.read('eslint.config.mjs', 'utf8')).toContain('tseslint.configs.recommended');
    const { workspaces, devDependencies } = readJson<{
      workspaces: string[];
      devDependencies: Record<string, string>;
    }>(tree, 'package.json');
    expect(workspaces).toContain('apps/*');
    expect(Object.keys(devDependencies)).toEqual(
      expect.arrayContaining([
        '@types/node',
        'eslint',
        'pino-pretty',
        'typescript',
        'typescript-eslint',
        'vitest',
      ]),
    );
  });

  it('approves the install scripts of a new workspace, and later only if asked', async () => {
    const approvals = () => readJson<{ allowScripts?: object }>(tree, 'package.json').allowScripts;
    await initGenerator(tree, { approveScripts: false });
    expect(approvals()).toBeUndefined();
    // As generators of services call it.
    await initGenerator(tree, {});
    expect(approvals()).toBeUndefined();
    await initGenerator(tree, { approveScripts: true });
    expect(approvals()).toEqual({ esbuild: true, nx: true });
  });

  it('changes nothing when it runs again after a person has edited every file', async () => {
    await initGenerator(tree, { registry: 'localhost:5000' });
    append(tree, 'compose.yaml', '\nvolumes: {} # ours\n');
    append(tree, 'environments/development.yml', '\n# ours\n');
    append(tree, '.gitignore', 'ours\n');
    append(tree, 'eslint.config.mjs', '// ours\n');
    updateJson(tree, 'nx.json', (json: NxJsonConfiguration) => ({
      ...json,
      plugins: [...(json.plugins ?? []), { plugin: '@acme/other', options: { a: 1 } }],
      pluginsConfig: { '@nx/js': { projectsAffectedByDependencyUpdates: 'all' } },
      namedInputs: {
        ...json.namedInputs,
        production: [...(json.namedInputs?.['production'] ?? []), '!{projectRoot}/docs/**'],
      },
    }));
    const edited = treeFiles(tree);
    await initGenerator(tree, { registry: 'localhost:5000' });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('keeps what the workspace already has', async () => {
    tree.write('eslint.config.js', 'export default [];\n');
    tree.write('compose.yaml', 'name: shop\n');
    updateJson(tree, 'package.json', (json: object) => ({
      ...json,
      workspaces: ['./apps/**'],
      devDependencies: { vitest: '^3.0.0' },
    }));
    tree.write('nx.json', '{\n  // ours\n  "plugins": ["@nx/js/typescript", "@nx/vitest"]\n}\n');
    await initGenerator(tree, {});
    const { workspaces, devDependencies } = readJson<{
      workspaces: string[];
      devDependencies: Record<string, string>;
    }>(tree, 'package.json');
    expect(workspaces).toEqual(['./apps/**']);
    expect(devDependencies['vitest']).toBe('^3.0.0');
    expect(devDependencies).not.toHaveProperty('eslint');
    expect(tree.exists('eslint.config.mjs')).toBe(false);
    expect(tree.read('compose.yaml', 'utf8')).toBe('name: shop\n');
    expect(tree.read('nx.json', 'utf8')).toContain('// ours');
    expect(Object.keys(readNxJson(tree)?.targetDefaults ?? {})).toEqual(['lint']);
  });

  it('creates the environments only if there is none yet', async () => {
    tree.write('environments/live.yml', 'host: ssh://deploy@example.com\n');
    await initGenerator(tree, {});
    expect(tree.children('environments').sort()).toEqual(['development.yml', 'live.yml']);
  });

  it('writes the registry into its environments, except where a person removed it', async () => {
    await initGenerator(tree, {});
    tree.write('environments/live.yml', 'host: ssh://deploy@example.com # ours\n');
    tree.delete('environments/staging.yml');
    await initGenerator(tree, { registry: 'localhost:5000' });
    expect(parseEnvironment('production', text('production'))).toMatchObject({
      images: 'pushed',
      registry: 'localhost:5000',
    });
    expect(text('live')).toBe('host: ssh://deploy@example.com # ours\n');
    expect(tree.exists('environments/staging.yml')).toBe(false);
  });

  it('writes the registry of the development environment, and never changes one', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await initGenerator(tree, {});
    await initGenerator(tree, { registry: 'localhost:5000' });
    const text = tree.read('environments/development.yml', 'utf8');
    expect(text).toContain('engine: compose\nregistry: localhost:5000\n');
    await initGenerator(tree, { registry: 'registry.example.com/team' });
    expect(tree.read('environments/development.yml', 'utf8')).toBe(text);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it('refuses an invalid registry, and writes nothing', async () => {
    const before = treeFiles(tree);
    await expect(initGenerator(tree, { registry: 'https://x' })).rejects.toThrow('the registry is');
    expect(treeFiles(tree)).toEqual(before);
  });

  it('adds the folder and the approvals to the settings of pnpm, comments kept', async () => {
    tree.write('pnpm-workspace.yaml', '# ours\npackages:\n  - libs/* # shared\n');
    await initGenerator(tree, {});
    expect(tree.read('pnpm-workspace.yaml', 'utf8')).toBe(
      '# ours\npackages:\n  - libs/* # shared\n  - apps/*\nallowBuilds:\n  esbuild: true\n  nx: true\n',
    );
    const before = treeFiles(tree);
    await initGenerator(tree, {});
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each([
    ['yarn@4.18.1', { '.yarnrc.yml': 'nodeLinker: node-modules\n' }],
    ['yarn@4.18.1', {}],
    ['bun@1.4.5', {}],
  ])('sets up a workspace of %s with %j', async (packageManager, files) => {
    updateJson(tree, 'package.json', (json: object) => ({ ...json, packageManager }));
    for (const [path, text] of Object.entries(files)) tree.write(path, text);
    await initGenerator(tree, {});
    expect(readJson<{ workspaces: string[] }>(tree, 'package.json').workspaces).toContain('apps/*');
  });

  it.each([
    ['yarn@1.22.22', {}, 'This workspace uses Yarn 1.22.22, and images are built with Yarn 4'],
    ['yarn@4.18.1', { '.yarnrc.yml': 'nodeLinker: pnpm\n' }, 'uses "nodeLinker: pnpm" of Yarn'],
    ['bun@1.4.5', { 'bun.lockb': 'x' }, 'run "bun install --save-text-lockfile"'],
  ])('refuses %s with %j', async (packageManager, files, message) => {
    updateJson(tree, 'package.json', (json: object) => ({ ...json, packageManager }));
    for (const [path, text] of Object.entries(files)) tree.write(path, text);
    await expect(initGenerator(tree, {})).rejects.toThrow(message);
  });

  it('says how to undo what "nx add" did before it was refused', async () => {
    const set = (more: object) =>
      updateJson(tree, 'package.json', (json: object) => ({ ...json, ...more }));
    set({ packageManager: 'yarn@1.22.22' });
    await expect(initGenerator(tree, {})).rejects.toThrow(/"yarn set version stable"$/);
    set({ devDependencies: { '@org/micro': '^0.1.0' } });
    const before = treeFiles(tree);
    await expect(initGenerator(tree, {})).rejects.toThrow(
      '"nx add" has already installed @org/micro: remove it from package.json and the lockfile with "yarn remove @org/micro"',
    );
    expect(treeFiles(tree)).toEqual(before);
  });
});

describe('preset', () => {
  it('is the same as init in a new workspace, and can run again', async () => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    const other = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await presetGenerator(tree, { name: 'acme' });
    await initGenerator(other, {});
    expect(treeFiles(tree)).toEqual(treeFiles(other));
    await presetGenerator(tree, { name: 'acme' });
    expect(treeFiles(tree)).toEqual(treeFiles(other));
  });
});

function append(tree: Tree, file: string, text: string): void {
  tree.write(file, `${tree.read(file, 'utf8')}${text}`);
}
