import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { engineRunner } from '../effects/engine-runner';
import { UserError } from '../platform/user-error';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import {
  isProcessOfBatch,
  runServiceTask,
  runServiceTasks,
  type ServiceTask,
} from './service-task';

vi.mock('../effects/engine-runner', { spy: true });

const context = (files: Record<string, string>, projectName = 'orders') =>
  ({
    root: temporaryWorkspace(files),
    projectName,
    projectsConfigurations: {
      version: 2,
      projects: { orders: { root: 'apps/orders' }, '@acme/orders': { root: 'apps/orders' } },
    },
  }) as unknown as ExecutorContext;

const files = {
  'apps/orders/service.yml': 'port: 3001\n',
  'package.json': '{ "name": "@acme/source" }',
};

describe('runServiceTask', () => {
  afterEach(() => void vi.restoreAllMocks());

  const run = async (
    given: ExecutorContext,
    work: (task: ServiceTask) => void = () => undefined,
  ) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { success } = await runServiceTask(given, async (task) => {
      await Promise.resolve();
      work(task);
    });
    return { success, error: stripVTControlCharacters(errors.mock.calls.flat().join('\n')) };
  };

  it('passes on the service and its platform', async () => {
    let seen: ServiceTask | undefined;
    expect(await run(context(files), (task) => (seen = task))).toEqual({
      success: true,
      error: '',
    });
    expect(seen).toMatchObject({
      platformName: 'acme',
      service: { name: 'orders', root: 'apps/orders', port: 3001 },
    });
  });

  it.each<[string, () => ExecutorContext, RegExp]>([
    [
      'no manifest',
      () => context({}),
      /^error {2}apps\/orders has no service\.yml: "orders" is not a service/,
    ],
    [
      'a manifest that is not YAML',
      () => context({ ...files, 'apps/orders/service.yml': 'port: {' }),
      /^error {2}apps\/orders\/service\.yml:1: /,
    ],
    [
      'a manifest with mistakes',
      () => context({ ...files, 'apps/orders/service.yml': 'port: 1\nkid: x\n' }),
      /^error {2}2 problems in the platform's files:\n/,
    ],
    [
      'a project whose name no image can have',
      () => context(files, '@acme/orders'),
      /^error {2}apps\/orders\/service\.yml: "@acme\/orders" cannot be a service's name: .*, for example "acme-orders" \(the project's name: /,
    ],
    [
      'no such project',
      () => context(files, 'users'),
      /^error {2}this executor runs for a project/,
    ],
  ])('fails with one clear error for %s', async (_, given, message) => {
    const { success, error } = await run(given());
    expect(success).toBe(false);
    expect(error).toMatch(message);
    expect(error).not.toMatch(/^\s+at /m);
  });

  it.each([
    [new UserError('mend this'), /^error {2}mend this$/],
    [new TypeError('a bug'), /^TypeError: a bug\n\s+at /],
  ])('shows %s', async (thrown, message) => {
    const { success, error } = await run(context(files), () => {
      throw thrown;
    });
    expect(success).toBe(false);
    expect(error).toMatch(message);
  });
});

describe('runServiceTasks', () => {
  it('closes the connections to the engine before the last result', async () => {
    const told: string[] = [];
    const close = () => {
      told.push('closed');
      return Promise.resolve();
    };
    const run = () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    vi.mocked(engineRunner).mockReturnValue({ run, close });
    const taskOf = (target: string) => ({ id: target, target: { project: 'orders', target } });
    const tasks = { 'docker-build': taskOf('docker-build'), 'docker-push': taskOf('docker-push') };
    const ended = runServiceTasks(
      { tasks } as unknown as TaskGraph,
      context(files),
      async (_, id) => {
        await Promise.resolve();
        if (id === 'docker-push') throw new UserError('no registry');
      },
      1,
    );
    for await (const { task, result } of ended) told.push(`${task}: ${result.success}`);
    expect(told).toEqual(['docker-build: true', 'closed', 'docker-push: false']);
  });
});

describe('isProcessOfBatch', () => {
  it('knows the script that the installed Nx starts for a batch', () => {
    const runner = createRequire(__filename).resolve(
      'nx/src/tasks-runner/forked-process-task-runner',
    );
    const script = join(dirname(runner), 'batch/run-batch.js');
    expect(existsSync(script)).toBe(true);
    expect(isProcessOfBatch(script)).toBe(true);
  });

  it.each([process.argv[1], undefined, '/w/node_modules/nx/dist/bin/nx.js'])(
    'takes no other process for one: %s',
    (script) => expect(isProcessOfBatch(script)).toBe(false),
  );
});
