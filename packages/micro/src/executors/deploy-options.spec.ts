import { expect, it } from 'vitest';
import { normaliseOptions, type DeployOptions } from './deploy-options';

it.each<[DeployOptions, object]>([
  [{}, { plan: false, json: false, atomic: false, prune: false, destination: { kind: 'push' } }],
  [{ rollback: true }, { destination: { kind: 'release', to: undefined } }],
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
  [{ rollback: true, prune: true }, '--prune works with a deploy, not with a rollback'],
])('%j is refused', (options, message) => {
  expect(() => normaliseOptions(options)).toThrow(message);
});
