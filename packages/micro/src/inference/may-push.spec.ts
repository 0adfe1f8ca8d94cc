import type { CreateNodesContext } from '@nx/devkit';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { mayPush } from './may-push';

const files = {
  'environments/development.yml': 'engine: compose\n# registry: registry.example.com\n',
  'environments/lab.yml': 'images: local\n',
  'apps/orders/package.json': '{ "name": "@acme/orders" }',
};

it.each<[string, boolean, Record<string, string>, object?]>([
  ['no environment has a registry', false, {}],
  ['one has', true, { 'environments/lab.yml': 'registry: registry.example.com/acme\n' }],
  ['one has it in a map of one line', true, { 'environments/lab.yml': '{ "registry": "a.b/c" }' }],
  ['a file is broken', false, { 'environments/lab.yml': '{ images: [' }],
  ['a file is gone', false, { 'environments/lab.yml': '' }],
  [
    'the workspace lets the target depend on another',
    true,
    {},
    { 'docker-push': { dependsOn: ['docker-scan'] } },
  ],
  ['it does so by the executor', true, {}, { '@org/micro:docker-push': { dependsOn: ['check'] } }],
  ['the workspace has defaults of other targets', false, {}, { 'docker-scan': { cache: false } }],
  [
    'the project configures the target',
    true,
    { 'apps/orders/project.json': '{ "targets": { "docker-push": { "dependsOn": ["check"] } } }' },
  ],
  [
    'its package.json does',
    true,
    { 'apps/orders/package.json': '{ "nx": { "targets": { "docker-push": {} } } }' },
  ],
])('if %s: %s', (_, expected, changed, targetDefaults = {}) => {
  const workspaceRoot = temporaryWorkspace({ ...files, ...changed });
  const context = { workspaceRoot, nxJsonConfiguration: { targetDefaults } } as CreateNodesContext;
  expect(mayPush(context, ['development', 'lab'], 'docker-push')('apps/orders')).toBe(expected);
});

it('finds the defaults of the executor if the target has another name', () => {
  const targetDefaults = { '@org/micro:docker-push': { dependsOn: ['check'] } };
  const context = {
    workspaceRoot: temporaryWorkspace(files),
    nxJsonConfiguration: { targetDefaults },
  } as CreateNodesContext;
  expect(mayPush(context, ['lab'], 'ship')('apps/orders')).toBe(true);
});
