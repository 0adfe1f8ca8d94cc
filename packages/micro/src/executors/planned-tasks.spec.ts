import type { Task, TaskGraph } from '@nx/devkit';
import { expect, it } from 'vitest';
import { isOnlyPlanned } from './planned-tasks';

const task = (id: string, overrides: Record<string, unknown> = {}): Task => {
  const [project = '', target = ''] = id.split(':');
  return {
    id,
    target: { project, target },
    overrides,
    outputs: [],
    cache: false,
    parallelism: true,
  };
};

const PUSH = 'orders:docker-push';

/** A run in which these tasks wait for the push of `orders`. */
const graphOf = (...waiting: Task[]): TaskGraph => ({
  roots: [PUSH],
  tasks: Object.fromEntries([task(PUSH), ...waiting].map((one) => [one.id, one])),
  dependencies: { [PUSH]: [], ...Object.fromEntries(waiting.map(({ id }) => [id, [PUSH]])) },
  continuousDependencies: {},
});

it.each<[string, TaskGraph | undefined, boolean]>([
  ['by --plan', graphOf(task('orders:compose-deploy', { plan: true })), true],
  ['by --plan=true', graphOf(task('orders:compose-deploy', { plan: 'true' })), true],
  ['not if it is deployed', graphOf(task('orders:compose-deploy')), false],
  ['not by --plan=false', graphOf(task('orders:compose-deploy', { plan: false })), false],
  ['not if nothing waits for it', graphOf(), false],
  ['not without a graph', undefined, false],
  [
    'not if something else waits for it too',
    graphOf(task('orders:compose-deploy', { plan: true }), task('orders:announce')),
    false,
  ],
])('a push is only planned: %s', (_, graph, expected) => {
  expect(isOnlyPlanned(graph, PUSH)).toBe(expected);
});
