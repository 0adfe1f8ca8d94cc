import { expect, it } from 'vitest';
import { normaliseOptions, type ClusterDeployOptions } from './deploy-options';

it.each<[ClusterDeployOptions, object]>([
  [{}, { plan: false, json: false, atomic: false, prune: false, destination: { kind: 'push' } }],
  [{ rollback: true }, { destination: { kind: 'release', to: undefined } }],
  [{ canary: 10 }, { destination: { kind: 'canary', weight: 10 } }],
  [{ promote: true }, { destination: { kind: 'promote' } }],
  [
    { abort: true, plan: true },
    { plan: true, destination: { kind: 'abort' } },
  ],
  [{ to: 7 }, { destination: { kind: 'release', to: '7' } }],
  [
    { plan: true, json: true },
    { plan: true, json: true },
  ],
])('%j', (options, expected) => {
  expect(normaliseOptions(options)).toMatchObject(expected);
});

it.each<[ClusterDeployOptions, string]>([
  [{ json: true }, '--json prints a plan: add --plan'],
  [{ canary: 0 }, '--canary=0 is no percentage of requests: use a whole number from 1 to 99'],
  [{ canary: 12.5 }, '--canary=12.5 is no percentage'],
  [{ canary: 10, promote: true }, '--canary and --promote cannot be combined'],
  [{ abort: true, rollback: true }, 'a rollback and --abort cannot be combined'],
  [{ canary: 10, atomic: true }, '--atomic works with a deploy, not with --canary'],
  [{ promote: true, prune: true }, '--prune works with a deploy, not with --promote'],
  [{ rollback: true, prune: true }, '--prune works with a deploy, not with a rollback'],
])('%j is refused', (options, message) => {
  expect(() => normaliseOptions(options)).toThrow(message);
});
