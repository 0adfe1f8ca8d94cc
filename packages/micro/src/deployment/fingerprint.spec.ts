import { describe, expect, it } from 'vitest';
import { changedEntryKeys, entryLabel } from './fingerprint';

describe('entryLabel', () => {
  const entry = { environment: { A: '1', B: '2' }, networks: { edge: null }, command: null };

  it.each([
    [{ ...entry, environment: { B: '2', A: '1' } }, []],
    [{ ...entry, image: 'x', labels: { a: 'b' }, depends_on: {}, build: {}, scale: 2 }, []],
    [{ ...entry, deploy: { replicas: 2 } }, []],
    [{ ...entry, develop: { watch: [{ action: 'rebuild', path: 'apps/orders' }] } }, []],
    [{ ...entry, environment: { A: '1', B: '3' } }, ['environment']],
    [{ ...entry, deploy: { resources: { limits: { cpus: 1 } } } }, ['resources']],
    [{ ...entry, restart: 'always', networks: null }, ['networks', 'restart']],
  ])('%j differs in %j', (other, keys) => {
    expect(changedEntryKeys(entryLabel(entry), entryLabel(other))).toEqual(keys);
  });

  it('holds no value', () => {
    expect(entryLabel({ environment: { PASSWORD: 'hunter2' } })).toMatch(
      /^environment=[0-9a-f]{8}$/,
    );
  });
});
