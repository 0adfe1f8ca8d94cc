import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, expect, it } from 'vitest';
import { longerStop } from './migration';

const entry = (name: string, grace: string) =>
  `# ours\nservices:\n  ${name}:\n    # how long\n    stop_grace_period: ${grace}\n  database:\n    stop_grace_period: 15s\n`;

let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  for (const name of ['orders', 'legacy']) {
    addProjectConfiguration(tree, name, { root: `apps/${name}` });
    tree.write(`apps/${name}/package.json`, JSON.stringify({ name }));
    tree.write(`apps/${name}/service.yml`, 'port: 3001\n');
    tree.write(`apps/${name}/compose.yaml`, entry(name, name === 'orders' ? '15s' : '20s'));
  }
});

it('gives a service more time, and changes nothing that a person set', () => {
  longerStop(tree);
  expect(tree.read('apps/orders/compose.yaml', 'utf8')).toBe(entry('orders', '40s'));
  expect(tree.read('apps/legacy/compose.yaml', 'utf8')).toBe(entry('legacy', '20s'));
});

it('changes nothing when it is run again', () => {
  longerStop(tree);
  const once = tree.read('apps/orders/compose.yaml', 'utf8');
  longerStop(tree);
  expect(tree.read('apps/orders/compose.yaml', 'utf8')).toBe(once);
});
