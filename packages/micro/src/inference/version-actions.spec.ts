import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import type { VersionActions } from 'nx/release';
import { expect, it } from 'vitest';
import { treeFiles } from '../testing/tree-files';
import ServiceVersionActions from './version-actions';

type Arguments = ConstructorParameters<typeof VersionActions>;

const actions = (root = 'apps/orders') =>
  new ServiceVersionActions(
    {} as Arguments[0],
    { name: 'orders', type: 'app', data: { root } } as unknown as Arguments[1],
    { manifestRootsToUpdate: [] } as unknown as Arguments[2],
  );

it.each([
  ['no package.json', undefined, '0.0.0'],
  ['a package.json without a version', '{}', '0.0.0'],
  ['a version that a person kept', '{ "version": "3.2.1" }', '3.2.1'],
])('starts a service with %s from %s', async (_, text, expected) => {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  if (text !== undefined) tree.write('apps/orders/package.json', text);
  const { currentVersion } = await actions().readCurrentVersionFromSourceManifest(tree);
  expect(currentVersion).toBe(expected);
});

it('bumps a version and writes no file, so that no content changes', async () => {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  const before = treeFiles(tree);
  const bumped = await actions().calculateNewVersion('1.3.5', 'minor', 'USER_SPECIFIER', {}, '');
  expect(bumped.newVersion).toBe('1.4.0');
  await actions().validate();
  expect(await actions().updateProjectVersion(tree, '1.4.0')).toHaveLength(1);
  expect(await actions().updateProjectDependencies()).toEqual([]);
  expect(treeFiles(tree)).toEqual(before);
});

it('gives the project of the platform no version', async () => {
  const platform = actions('environments');
  const bumped = await platform.calculateNewVersion('0.0.0', 'minor', 'USER_SPECIFIER', {}, '');
  expect(bumped.newVersion).toBeNull();
});
