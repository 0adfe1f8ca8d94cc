import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { PersistedOperations, type PersistedOptions } from './persisted-operations.js';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const named = (hash: string) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
});

const LISTED = '{ listed }';
const OTHER = '{ other }';

function resolver(options: PersistedOptions) {
  const operations = new PersistedOperations(options);
  return (body: Record<string, unknown>): unknown => {
    try {
      return operations.resolve(body).query;
    } catch (error) {
      return (error as GraphQLError).extensions.code;
    }
  };
}

describe('persisted operations', () => {
  it('are found by their hashes in the list', () => {
    const resolve = resolver({ operations: { [hashOf(LISTED)]: LISTED } });
    expect(resolve(named(hashOf(LISTED)))).toBe(LISTED);
    expect(resolve({ query: OTHER })).toBe(OTHER);
  });

  it('are remembered once a client has sent one with its hash', () => {
    const resolve = resolver({ remembered: 2 });
    expect(resolve(named(hashOf(OTHER)))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(resolve({ query: OTHER, ...named(hashOf(OTHER)) })).toBe(OTHER);
    expect(resolve(named(hashOf(OTHER)))).toBe(OTHER);
    expect(resolve({ query: '{ forged }', ...named(hashOf(OTHER)) })).toBe(
      'PERSISTED_QUERY_HASH_MISMATCH',
    );
    for (const query of ['{ a }', '{ b }']) resolve({ query, ...named(hashOf(query)) });
    expect(resolve(named(hashOf(OTHER)))).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(resolve(named(hashOf('{ a }')))).toBe('{ a }');
  });

  it('are all that is answered, if that is asked for', () => {
    const resolve = resolver({ operations: { [hashOf(LISTED)]: LISTED }, only: true });
    expect(resolve(named(hashOf(LISTED)))).toBe(LISTED);
    expect(resolve({ query: LISTED })).toBe(LISTED);
    expect(resolve({ query: OTHER })).toBe('PERSISTED_QUERY_NOT_LISTED');
    expect(resolve({ query: OTHER, ...named(hashOf(OTHER)) })).toBe('PERSISTED_QUERY_NOT_LISTED');
    expect(resolve(named(hashOf(OTHER)))).toBe('PERSISTED_QUERY_NOT_LISTED');
  });

  it('are refused at the start if a hash is not that of its text', () => {
    expect(() => new PersistedOperations({ operations: { abc: LISTED } })).toThrow(
      'persisted operations with a wrong SHA-256: abc',
    );
  });
});
