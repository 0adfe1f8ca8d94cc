import { readNxJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { expect, it } from 'vitest';
import { presetGenerator } from './generator';

const contents = (tree: Tree) =>
  Object.fromEntries(tree.listChanges().map(({ path, content }) => [path, String(content)]));

it('sets up an empty workspace, and changes nothing when it is run again', async () => {
  const tree = createTreeWithEmptyWorkspace();
  await presetGenerator(tree, { name: 'acme', registry: 'localhost:5000' });
  expect(readNxJson(tree)?.plugins).toContain('@org/micro');
  expect(tree.read('environments/development.yml', 'utf8')).toContain('registry: localhost:5000');

  tree.write('environments/development.yml', 'registry: registry.example.com\n');
  const edited = contents(tree);
  await presetGenerator(tree, { name: 'acme', registry: 'localhost:5000' });
  expect(contents(tree)).toEqual(edited);
});
