import type { Task, TaskGraph } from '@nx/devkit';
import { describe, expect, it } from 'vitest';
import { findSiblings, laterDeploys, receiptOfSibling } from './sibling-deploys';

const task = (project: string, target: string, more: Partial<Task> = {}): Task => ({
  id: `${project}:${target}`,
  target: { project, target, configuration: 'development' },
  overrides: {},
  outputs: [],
  cache: false,
  parallelism: true,
  ...more,
});

const graphOf = (...tasks: Task[]): TaskGraph => ({
  roots: [],
  tasks: Object.fromEntries(tasks.map((one) => [one.id, one])),
  dependencies: Object.fromEntries(
    tasks.map(({ id, target }) => [
      id,
      target.target === 'compose-deploy' ? [`${target.project}:docker-push`] : [],
    ]),
  ),
  continuousDependencies: {},
});

const own = task('orders', 'compose-deploy', { startTime: 9 });
const outputs = ['dist/receipts/apps/users/docker-push.development.json'];
const pushed = task('users', 'docker-push', { startTime: 5, endTime: 6, outputs });

describe('a deploy of the same run', () => {
  it.each<[string, Task[], object[]]>([
    [
      'goes along once its push ended',
      [pushed, task('users', 'compose-deploy')],
      [{ project: 'users', since: 5, outputs }],
    ],
    [
      'waits for its push',
      [task('users', 'docker-push', { startTime: 5 }), task('users', 'compose-deploy')],
      [],
    ],
    ['is not done twice', [pushed, task('users', 'compose-deploy', { endTime: 8 })], []],
    [
      'goes to the same environment',
      [
        pushed,
        task('users', 'compose-deploy', {
          target: { project: 'users', target: 'compose-deploy', configuration: 'production' },
        }),
      ],
      [],
    ],
  ])('%s', (_, tasks, expected) => {
    expect(findSiblings(graphOf(own, ...tasks), [own.id])).toEqual(expected);
  });

  const built = 'dist/receipts/apps/users/docker-build.json';
  it.each([
    ['its push', outputs, outputs[0]],
    ['its build, if it does not wait for a push', [built], built],
    ['its push, if it waits for both', [built, ...outputs], outputs[0]],
    ['its push, if it waits for others', ['dist/scans/apps/users'], outputs[0]],
  ])('is ready by the receipt of %s', (_, left, expected) => {
    expect(receiptOfSibling({ outputs: left }, 'apps/users', 'development')).toBe(expected);
  });

  it('is listed if it follows later', () => {
    const graph = graphOf(own, task('users', 'docker-push'), task('users', 'compose-deploy'));
    expect(laterDeploys(graph, [own.id], new Set(['orders']))).toEqual(['users']);
    expect(laterDeploys(undefined, [own.id], new Set())).toEqual([]);
  });
});
