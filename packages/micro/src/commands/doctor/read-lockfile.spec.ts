import { expect, it } from 'vitest';
import { readLockfileGaps } from './read-lockfile';

const LOCKFILE = {
  lockfileVersion: 3,
  packages: {
    '': {},
    'node_modules/vite': { version: '8.4.0', optionalDependencies: { napi: '^0.1.0' } },
  },
};

it.each<[string, Record<string, string>, number | undefined]>([
  ['npm', { 'package-lock.json': JSON.stringify(LOCKFILE), 'package.json': '{}' }, 1],
  [
    'an npm that is named',
    {
      'package-lock.json': JSON.stringify(LOCKFILE),
      'package.json': '{ "packageManager": "npm@12.2.2" }',
    },
    1,
  ],
  [
    'pnpm, beside a lockfile that was left there',
    {
      'package-lock.json': JSON.stringify(LOCKFILE),
      'package.json': '{ "packageManager": "pnpm@10.1.0" }',
    },
    undefined,
  ],
  ['pnpm', { 'pnpm-lock.yaml': '' }, undefined],
  ['npm 6', { 'package-lock.json': '{ "lockfileVersion": 1, "dependencies": {} }' }, undefined],
  ['npm, half written', { 'package-lock.json': '{ "lockfileV' }, undefined],
])('with %s', (_, files, gaps) => {
  expect(readLockfileGaps((file) => files[file])?.length).toBe(gaps);
});
