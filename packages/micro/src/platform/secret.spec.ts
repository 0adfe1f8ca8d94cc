import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret';

test.each<[string, (secret: Secret) => string]>([
  ['a template', (secret) => `${String(secret)}`],
  ['JSON', (secret) => JSON.stringify({ secret })],
  ['inspect', (secret) => inspect({ secret }, { showHidden: true, depth: 9 })],
  ['console', (secret) => inspect(new Error('no', { cause: secret }))],
  ['its keys', (secret) => JSON.stringify(Object.entries(secret))],
])('%s does not show a secret', (_, shown) => {
  expect(shown(new Secret('hunter2'))).not.toContain('hunter2');
});

test('reveals the value that it was given', () => {
  expect(new Secret('hunter2').reveal().toString()).toBe('hunter2');
});
