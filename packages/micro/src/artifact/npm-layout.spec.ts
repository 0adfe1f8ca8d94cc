import { expect, it } from 'vitest';
import { layOut } from './npm-layout';

// Found by `npm run exactness:installs -- --seed=1`.
it('keeps a package nested if its place at the top is needed by a peer', () => {
  const lockfile = {
    lockfileVersion: 3,
    packages: {
      'node_modules/a': { dependencies: { peer: '^2.0.0' } },
      'node_modules/a/node_modules/peer': { version: '2.0.0' },
      'node_modules/b': { peerDependencies: { peer: '*' } },
      'node_modules/peer': { version: '1.0.0' },
    },
  };
  const roots = new Map(['a', 'b'].map((name) => [name, `node_modules/${name}`]));
  expect(Object.fromEntries(layOut(lockfile, roots))).toEqual({
    'node_modules/a': 'node_modules/a',
    'node_modules/a/node_modules/peer': 'node_modules/a/node_modules/peer',
    'node_modules/b': 'node_modules/b',
    'node_modules/peer': 'node_modules/peer',
  });
});

it('misses no peer of a workspace that ignores them (legacy-peer-deps)', () => {
  const lockfile = {
    lockfileVersion: 3,
    packages: { 'node_modules/b': { peerDependencies: { peer: '*' } } },
  };
  const roots = new Map([['b', 'node_modules/b']]);
  expect([...layOut(lockfile, roots, true).keys()]).toEqual(['node_modules/b']);
  expect(() => layOut(lockfile, roots)).toThrow('"peer", needed by node_modules/b, is not in');
});
