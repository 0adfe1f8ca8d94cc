import { describe, expect, it } from 'vitest';
import { Secret } from '../platform/secret';
import {
  newSecretsKey,
  parseSecretsKey,
  secretNames,
  secretFiles,
  secretsLabel,
  secretsPart,
  secretVariables,
  withoutReplaced,
  withoutSecrets,
  withSecrets,
} from './secrets';

const KEY = new Secret('a'.repeat(64));
const secrets = (values: Record<string, string>, key = KEY) => ({
  key,
  values: new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)])),
});

describe('secretsLabel', () => {
  const label = secretsLabel(secrets({ A: 'one', B: 'two' }));

  it('has a short hash and no name', () => {
    expect(label).toMatch(/^secret-values=[0-9a-f]{8}$/);
  });

  it.each<[string, ReturnType<typeof secrets>, boolean]>([
    ['the same values in another order', secrets({ B: 'two', A: 'one' }), true],
    ['another value', secrets({ A: 'one', B: 'three' }), false],
    ['values that were swapped', secrets({ A: 'two', B: 'one' }), false],
    ['a value less', secrets({ A: 'one' }), false],
    ['values that are cut elsewhere', secrets({ A: 'oneB 3 two' }), false],
    // Who has the label and tries values learns nothing without the key.
    ['another key', secrets({ A: 'one', B: 'two' }, new Secret('b'.repeat(64))), false],
  ])('of %s', (_, other, same) => {
    expect(secretsLabel(other) === label).toBe(same);
  });

  it('covers only those that a container is given', () => {
    const given = secrets({ A: 'one', B: 'two', C: 'unwanted' });
    expect(secretsLabel(given, ['B', 'A'])).toBe(label);
  });

  it.each([
    ['environment=12345678 secret-values=87654321', 'environment=12345678'],
    ['environment=12345678', 'environment=12345678'],
    ['', ''],
  ])('is taken out of "%s"', (entry, rest) => {
    expect(withoutSecrets(entry)).toBe(rest);
  });

  it.each([
    ['environment=12345678 secret-values=87654321', 'secret-values=87654321'],
    ['environment=12345678 secrets=87654321', ''],
    ['', ''],
  ])('is found in "%s"', (entry, part) => {
    expect(secretsPart(entry)).toBe(part);
  });

  it.each([
    ['a=1', 'b=2', 'a=1 b=2'],
    ['a=1', '', 'a=1'],
    ['', 'b=2', 'b=2'],
  ])('"%s" with "%s"', (entry, part, expected) => {
    expect(withSecrets(entry, part)).toBe(expected);
  });
});

it('finds the secrets of an entry by its variables', () => {
  const environment = { ...secretVariables(['KEY', 'ACE']), TLS_FILE: '/etc/tls', B: '1' };
  expect(secretNames({ environment })).toEqual(['ACE', 'KEY']);
  expect(secretNames({})).toEqual([]);
});

it('removes a variable from an entry if a secret replaces it', () => {
  const environment = { ...secretVariables(['KEY']), B: '1' };
  expect(
    withoutReplaced({ init: true, environment: { ...environment, KEY: 'of-development' } }),
  ).toEqual({
    init: true,
    environment,
  });
  expect(withoutReplaced({ environment: { KEY: '1' } })).toEqual({ environment: { KEY: '1' } });
});

it.each<[string | undefined, boolean]>([
  [newSecretsKey().reveal().toString(), true],
  ['a'.repeat(63), false],
  ['', false],
  [undefined, false],
])('"%s" is a key: %s', (text, expected) => {
  expect(parseSecretsKey(text) !== undefined).toBe(expected);
});

describe('secretFiles', () => {
  const entry = { environment: secretVariables(['KEY', 'ACE']) };
  const missing = (names: string) => `misses ${names}`;

  it('holds each secret and the key', () => {
    const given = secrets({ KEY: 'one', ACE: 'two', MORE: 'unwanted' });
    const found = secretFiles(entry, given, missing);
    expect(
      found.map(({ path, mode, content }) => [path, mode, content.reveal().toString()]),
    ).toEqual([
      ['ACE', 0o444, 'two'],
      ['KEY', 0o444, 'one'],
      ['.key', 0o400, 'a'.repeat(64)],
    ]);
    expect(JSON.stringify(found)).not.toMatch(/one|two|aaa/);
  });

  it('has none if no secret is needed', () => {
    expect(secretFiles({}, secrets({ KEY: 'one' }), missing)).toEqual([]);
  });

  it.each([
    [undefined, 'misses ACE, KEY'],
    [secrets({ KEY: 'one' }), 'misses ACE'],
  ])('%# is refused', (given, message) => {
    expect(() => secretFiles(entry, given, missing)).toThrow(message);
  });
});
