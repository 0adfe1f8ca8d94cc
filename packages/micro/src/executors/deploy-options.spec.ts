import { expect, it } from 'vitest';
import { normaliseOptions, type DeployOptions } from './deploy-options';

it.each<[DeployOptions, object]>([
  [{}, { plan: false, json: false, atomic: false, prune: false, destination: { kind: 'push' } }],
  [{ rollback: true }, { destination: { kind: 'release', to: undefined } }],
  [{ canary: 10 }, { destination: { kind: 'canary', weight: 10 } }],
  [
    { canary: 0, canaryHeader: 'X-Version: next one' },
    {
      destination: {
        kind: 'canary',
        weight: 0,
        header: { name: 'X-Version', value: 'next one' },
      },
    },
  ],
  [{ promote: true, skipAnalysis: true }, { skipAnalysis: true }],
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

it.each<[DeployOptions, string]>([
  [{ json: true }, '--json prints a plan: add --plan'],
  [{ canary: 0 }, '--canary=0 is no percentage of requests: use a whole number from 1 to 99'],
  [{ canary: 100, canaryHeader: 'X-Version: next' }, 'use a whole number from 0 to 99'],
  [{ canary: 10, canaryHeader: 'next' }, '--canaryHeader="next" is no header'],
  [{ canary: 10, canaryHeader: 'X-Version: next*' }, 'without * and braces'],
  [{ canary: 10, canaryHeader: 'X-Version: {env.HOME}' }, 'without * and braces'],
  [{ canary: 10, canaryHeader: 'X-Version: ' }, 'is no header'],
  [{ canaryHeader: 'X-Version: next' }, 'add --canary, which may be 0'],
  [{ abort: true, skipAnalysis: true }, 'add --canary or --promote'],
  [{ canary: 12.5 }, '--canary=12.5 is no percentage'],
  [{ canary: 10, promote: true }, '--canary and --promote cannot be combined'],
  [{ abort: true, rollback: true }, 'a rollback and --abort cannot be combined'],
  [{ canary: 10, atomic: true }, '--atomic works with a deploy, not with --canary'],
  [{ promote: true, prune: true }, '--prune works with a deploy, not with --promote'],
  [{ rollback: true, prune: true }, '--prune works with a deploy, not with a rollback'],
])('%j is refused', (options, message) => {
  expect(() => normaliseOptions(options)).toThrow(message);
});
