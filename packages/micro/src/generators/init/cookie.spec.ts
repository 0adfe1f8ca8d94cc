import { readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseCookieByNode } from './cookie';

const OVERRIDES = { 'light-my-request@^6.8.0': { cookie: '^1.1.1 || ^2.0.0' } };

describe('the cookie package of a new workspace', () => {
  let tree: Tree;

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  });

  const overrides = () => readJson<{ overrides?: object }>(tree, 'package.json').overrides;
  const override = (given: object) =>
    updateJson(tree, 'package.json', (json: object) => ({ ...json, overrides: given }));

  it('may be one for Node 20 if npm installs with it', () => {
    override({ ms: '2.1.2' });
    chooseCookieByNode(tree, { kind: 'npm' }, '20.20.2');
    expect(overrides()).toEqual({ ms: '2.1.2', ...OVERRIDES });
  });

  it.each([
    ['npm', '22.23.3'],
    ['npm', '24.21.0'],
    ['pnpm', '20.20.2'],
  ] as const)('is not spoken of with %s on Node %s', (kind, node) => {
    chooseCookieByNode(tree, { kind, version: '10' }, node);
    expect(overrides()).toBeUndefined();
  });

  it.each([{ cookie: '1.0.0' }, { 'light-my-request@6': '6.6.0' }])(
    'stays as a person chose it: %j',
    (own) => {
      override(own);
      chooseCookieByNode(tree, { kind: 'npm' }, '20.20.2');
      expect(overrides()).toEqual(own);
    },
  );
});
