import { expect, it } from 'vitest';
import { readWorkspaceContext } from './workspace-context';

const read = (files: Record<string, string>) => readWorkspaceContext((path) => files[path]);

it('finds files at the root', () => {
  expect(
    read({
      'package.json': JSON.stringify({
        workspaces: ['apps/*'],
        dependencies: { chassis: 'file:vendor/chassis-1.0.0.tgz', zod: '^4' },
        devDependencies: { other: 'file:../other.tgz', micro: 'file:./micro.tgz', lib: 'file:lib' },
      }),
      'package-lock.json': '{}',
      'nx.json': '{}',
    }),
  ).toEqual({
    workspaceFiles: [
      'package.json',
      'package-lock.json',
      'nx.json',
      'vendor/chassis-1.0.0.tgz',
      'micro.tgz',
    ],
    workspaceGlobs: ['apps/*'],
  });
});

it('reads the globs of pnpm, and the other form in package.json', () => {
  expect(
    read({ 'package.json': '{}', 'pnpm-workspace.yaml': 'packages:\n  - apps/*\n' }).workspaceGlobs,
  ).toEqual(['apps/*']);
  expect(read({ 'package.json': '{"workspaces":{"packages":["libs/*"]}}' }).workspaceGlobs).toEqual(
    ['libs/*'],
  );
});

it.each([
  ['legacy-peer-deps=true\n', true],
  ['//npm.example.com/:_authToken=${NPM_TOKEN}\n', true],
  ['# //npm.example.com/:_authToken=abc\n', true],
  ['//npm.example.com/:_authToken=abc\n', false],
  ['_auth = "YWJj"\n', false],
])('allows .npmrc %j: %s', (npmrc, allowed) => {
  expect(read({ '.npmrc': npmrc }).workspaceFiles.includes('.npmrc')).toBe(allowed);
});
