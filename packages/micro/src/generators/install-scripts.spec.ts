import { logger, readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { approveInstallScripts, WORKSPACE_SCRIPTS } from './install-scripts';

describe('approvals of install scripts', () => {
  let tree: Tree;

  beforeEach(() => {
    vi.spyOn(logger, 'info').mockImplementation(() => undefined);
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  });

  const edit = (values: object) =>
    updateJson(tree, 'package.json', (json: object) => ({ ...json, ...values }));
  const approve = (kind: 'npm' | 'pnpm' | 'yarn' | 'bun', version = '') =>
    approveInstallScripts(tree, { kind, version }, WORKSPACE_SCRIPTS);
  const packageJson = () => readJson<Record<string, unknown>>(tree, 'package.json');
  const pnpmWorkspace = () => parse(tree.read('pnpm-workspace.yaml', 'utf8') ?? '') as object;

  it('of npm are in package.json, and are said', () => {
    approve('npm');
    expect(packageJson()['allowScripts']).toEqual({ esbuild: true, nx: true });
    expect(logger.info).toHaveBeenCalledExactlyOnceWith(
      'package.json now approves the install scripts of esbuild, nx.',
    );
  });

  it.each([
    [{ esbuild: false }, { esbuild: false, nx: true }],
    [
      { 'esbuild@0.27.0': true, nx: true },
      { 'esbuild@0.27.0': true, nx: true },
    ],
    // A person's own package, undecided or not, is none of ours.
    [
      { bcrypt: false, 'esbuild-wasm': true },
      { bcrypt: false, 'esbuild-wasm': true, esbuild: true, nx: true },
    ],
  ])('of npm keep what was decided: %j', (allowScripts, expected) => {
    edit({ allowScripts, dependencies: { sharp: '1' } });
    approve('npm');
    expect(packageJson()['allowScripts']).toEqual(expected);
  });

  it.each([
    ['11.28.11', '', { allowBuilds: { esbuild: true, nx: true } }],
    ['10', '', { allowBuilds: { esbuild: true, nx: true } }],
    ['10.34.9', '', { allowBuilds: { esbuild: true, nx: true } }],
    ['10.25.0', '', { onlyBuiltDependencies: ['esbuild', 'nx'] }],
    [
      '10.34.9',
      'onlyBuiltDependencies: [sharp, nx]\n',
      { onlyBuiltDependencies: ['sharp', 'nx', 'esbuild'] },
    ],
    // pnpm 11 writes such an entry for a package that waits for a decision.
    [
      '11.28.11',
      'allowBuilds: { esbuild: set this to true or false, nx: false }\n',
      { allowBuilds: { esbuild: true, nx: false } },
    ],
    [
      '11.28.11',
      'allowBuilds: { "esb*": false, "nx@22.0.0": true }\n',
      { allowBuilds: { 'esb*': false, 'nx@22.0.0': true } },
    ],
    ['11.28.11', 'dangerouslyAllowAllBuilds: true\n', { dangerouslyAllowAllBuilds: true }],
    ['9.15.0', 'packages: []\n', { packages: [] }],
  ])('of pnpm %s beside %j', (version, before, expected) => {
    tree.write('pnpm-workspace.yaml', before);
    approve('pnpm', version);
    expect(pnpmWorkspace()).toEqual(expected);
  });

  it('of pnpm 10 stay in package.json, which pnpm 11 does not read', () => {
    const pnpm = { onlyBuiltDependencies: ['esbuild'] };
    edit({ pnpm });
    approve('pnpm', '10.34.9');
    expect(packageJson()['pnpm']).toEqual({ onlyBuiltDependencies: ['esbuild', 'nx'] });
    expect(tree.exists('pnpm-workspace.yaml')).toBe(false);
    approve('pnpm', '11.28.11');
    expect(pnpmWorkspace()).toEqual({ allowBuilds: { esbuild: true, nx: true } });
  });

  it('of Yarn are in package.json from 4.14 on, unless it runs all scripts', () => {
    approve('yarn', '4.13.0');
    expect(packageJson()['dependenciesMeta']).toBeUndefined();
    tree.write('.yarnrc.yml', 'enableScripts: true\n');
    approve('yarn', '4.18.1');
    expect(packageJson()['dependenciesMeta']).toBeUndefined();
    tree.write('.yarnrc.yml', 'nodeLinker: node-modules\n');
    edit({ dependenciesMeta: { nx: { built: false }, esbuild: { optional: true } } });
    approve('yarn', '4.18.1');
    expect(packageJson()['dependenciesMeta']).toEqual({
      nx: { built: false },
      esbuild: { optional: true, built: true },
    });
  });

  it('of Bun are only added to a list that is there: a new one would distrust what Bun trusts by itself', () => {
    approve('bun', '1.4.5');
    expect(packageJson()['trustedDependencies']).toBeUndefined();
    edit({ trustedDependencies: ['sharp', 'nx'] });
    approve('bun', '1.4.5');
    expect(packageJson()['trustedDependencies']).toEqual(['sharp', 'nx', 'esbuild']);
  });

  it.each(['npm', 'pnpm', 'yarn', 'bun'] as const)(
    'of %s change nothing when made again',
    (kind) => {
      const version = { npm: '', pnpm: '11.28.11', yarn: '4.18.1', bun: '1.4.5' }[kind];
      const files = () =>
        ['package.json', 'pnpm-workspace.yaml'].map((file) => tree.read(file, 'utf8'));
      edit({ trustedDependencies: [] });
      approve(kind, version);
      const before = files();
      vi.mocked(logger.info).mockClear();
      approve(kind, version);
      expect(files()).toEqual(before);
      expect(logger.info).not.toHaveBeenCalled();
    },
  );
});
