import { expect, it } from 'vitest';
import { hasHealthCheck, healthCheckOf } from './health-check';

it.each([
  ['its own', 'FROM node:24\nHEALTHCHECK CMD ["node", "check.js"]\n', undefined, true],
  ['none', 'FROM node:24\nCMD ["node", "main.js"]\n', undefined, false],
  [
    'one that is taken away',
    'FROM node:24\nHEALTHCHECK CMD x\nHEALTHCHECK none\n',
    undefined,
    false,
  ],
  ['one in a comment', 'FROM node:24\n# HEALTHCHECK CMD x\n', undefined, false],
  [
    'that of the stage that it begins with',
    'FROM node:24 AS base\nHEALTHCHECK CMD x\nFROM base\n',
    undefined,
    true,
  ],
  [
    'one of another stage',
    'FROM node:24 AS a\nHEALTHCHECK CMD x\nFROM node:24\nCOPY --from=a / /\n',
    undefined,
    false,
  ],
  ['one of the target', 'FROM node:24 AS a\nHEALTHCHECK CMD x\nFROM node:24 AS b\n', 'a', true],
  ['none of the target', 'FROM node:24 AS a\nFROM node:24 AS b\nHEALTHCHECK CMD x\n', 'A', false],
  [
    'a stage of the name of its base',
    'FROM node AS node\nHEALTHCHECK CMD x\nFROM node\n',
    undefined,
    true,
  ],
  ['nothing that can be read', 'RUN x\n', undefined, true],
])('a Dockerfile with %s', (_, text, target, expected) => {
  expect(hasHealthCheck(text, target)).toBe(expected);
});

it.each([
  [
    'a command over two lines',
    'FROM a\nHEALTHCHECK --interval=10s --timeout=3s --start-period=30s \\\n    CMD ["node", "-e", "a(\'b\')"]\n',
    { test: ['CMD', 'node', '-e', "a('b')"], interval: '10s', timeout: '3s' },
  ],
  [
    'a line for a shell',
    'FROM a\nHEALTHCHECK --retries=5 CMD curl -f http://localhost/ || exit 1\n',
    { test: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'], retries: 5 },
  ],
  ['that of its base', 'FROM a AS b\nHEALTHCHECK CMD x\nFROM b\n', { test: ['CMD-SHELL', 'x'] }],
  ['one that is taken away', 'FROM a\nHEALTHCHECK NONE\n', { test: ['NONE'] }],
  ['none', 'FROM a\n', undefined],
  ['nothing that can be read', '', undefined],
])('reads %s', (_, text, expected) => {
  expect(healthCheckOf(text)).toEqual(expected);
});
