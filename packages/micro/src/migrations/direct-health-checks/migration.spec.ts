import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { directHealthChecks } from './migration';

const FILES = join(__dirname, '../../generators/service/files');
const FORMER = `HEALTHCHECK --interval=10s --timeout=3s \\
    CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]`;
/** As it is generated now. */
const check = (template: string) =>
  readFileSync(join(FILES, template, 'Dockerfile.template'), 'utf8')
    .split('\n')
    .find((line) => line.trimStart().startsWith('CMD ["node", "-e"'))!;

let tree: Tree;

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace();
  for (const name of ['orders', 'legacy'])
    addProjectConfiguration(tree, name, { root: `apps/${name}` });
  tree.write(
    'apps/orders/Dockerfile',
    `FROM node:24\n# ours\n${FORMER}\nCMD ["node", "main.js"]\n`,
  );
});

it.each(['npm', 'pnpm'])(
  'changes a check to that of the template of %s, and nothing else',
  (template) => {
    directHealthChecks(tree);
    expect(tree.read('apps/orders/Dockerfile', 'utf8')).toBe(
      `FROM node:24\n# ours\nHEALTHCHECK --interval=10s --timeout=3s \\\n${check(template)}\nCMD ["node", "main.js"]\n`,
    );
  },
);

it('changes nothing if it runs again, and no check that a person changed', () => {
  const own = 'FROM node:24\nHEALTHCHECK CMD ["node", "check.js"]\n';
  tree.write('apps/legacy/Dockerfile', own);
  directHealthChecks(tree);
  const once = tree.read('apps/orders/Dockerfile', 'utf8');
  directHealthChecks(tree);
  expect(tree.read('apps/orders/Dockerfile', 'utf8')).toBe(once);
  expect(tree.read('apps/legacy/Dockerfile', 'utf8')).toBe(own);
});
