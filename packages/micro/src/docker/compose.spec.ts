import { expect, it } from 'vitest';
import { configArguments, createArguments, servicesArguments, startArguments } from './compose';

const project = { name: 'acme-development', files: ['compose.yaml', '/tmp/with space/o.yaml'] };
const head = [
  ...['compose', '--file', 'compose.yaml', '--file', '/tmp/with space/o.yaml'],
  ...['--project-name', 'acme-development'],
];

it.each([
  [configArguments(project), ['config', '--format', 'json']],
  [servicesArguments(project), ['config', '--services']],
  [
    createArguments(project, 'orders', 3),
    [
      ...['up', '--no-build', '--no-deps', '--no-recreate', '--no-start', '--pull', 'never'],
      ...['--quiet-pull', '--scale', 'orders=3', 'orders'],
    ],
  ],
  [
    startArguments(project, ['db', 'broker'], 60),
    [
      ...['up', '--detach', '--no-build', '--no-recreate', '--quiet-pull', '--wait'],
      ...['--wait-timeout', '60', 'db', 'broker'],
    ],
  ],
])('%j', (args, expected) => {
  expect(args).toEqual([...head, ...expected]);
});
