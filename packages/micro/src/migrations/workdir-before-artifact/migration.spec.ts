import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { workdirBeforeArtifact } from './migration';

const FILES = join(__dirname, '../../generators/service/files');
const template = (manager: string) =>
  readFileSync(join(FILES, manager, 'Dockerfile.template'), 'utf8');
/** As it was generated before. */
const former = (text: string) =>
  text.replace(
    'WORKDIR /app\nCOPY --link --from=artifact /*/ /\n',
    'COPY --link --from=artifact /*/ /\nWORKDIR /app\n',
  );

let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  addProjectConfiguration(tree, 'orders', { root: 'apps/orders' });
});

it.each(['npm', 'pnpm', 'yarn', 'bun'])(
  'brings a Dockerfile to what the template of %s has, and changes nothing when it is run again',
  (manager) => {
    const text = template(manager);
    expect(former(text)).not.toBe(text);
    tree.write('apps/orders/Dockerfile', former(text));
    workdirBeforeArtifact(tree);
    expect(tree.read('apps/orders/Dockerfile', 'utf8')).toBe(text);
    workdirBeforeArtifact(tree);
    expect(tree.read('apps/orders/Dockerfile', 'utf8')).toBe(text);
  },
);

it('leaves a Dockerfile that somebody changed there', () => {
  const own = former(template('npm')).replace('WORKDIR /app\n', 'RUN id\nWORKDIR /app\n');
  tree.write('apps/orders/Dockerfile', own);
  workdirBeforeArtifact(tree);
  expect(tree.read('apps/orders/Dockerfile', 'utf8')).toBe(own);
});
