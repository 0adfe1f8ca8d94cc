import { describe, expect, it } from 'vitest';
import { namedCommit, parseGitAddress, remoteSource } from './remote-source';

const COMMIT = 'a'.repeat(40);

describe('remoteSource', () => {
  it.each([
    ['https://example.com/x.tar.gz', 'http'],
    ['http://example.com/x', 'http'],
    ['https://example.com/x?.git', 'http'],
    ['HTTPS://example.com/x', 'http'],
    ['https://example.com/x.git', 'git'],
    ['https://example.com/x.git#main:docs', 'git'],
    ['https://example.com/x.git?branch=main', 'git'],
    ['git://example.com/x', 'git'],
    ['ssh://git@example.com/x', 'git'],
    ['git@example.com:acme/x.git', 'git'],
    ['deploy@example.com:acme/x', 'git'],
    ['apps/orders', undefined],
    ['github.com/acme/x', undefined],
    ['x:y', undefined],
  ])('%s is %s', (address, kind) => {
    expect(remoteSource(address)?.kind).toBe(kind);
  });
});

it.each([
  ['https://example.com/x.git', { repository: 'https://example.com/x.git' }],
  ['https://example.com/x.git#v1:docs', { repository: 'https://example.com/x.git', ref: 'v1' }],
  ['https://example.com/x.git#:docs', { repository: 'https://example.com/x.git' }],
  ['https://example.com/x.git?tag=v1', { repository: 'https://example.com/x.git', ref: 'v1' }],
  ['git@example.com:x.git#main', { repository: 'git@example.com:x.git', ref: 'main' }],
])('parseGitAddress(%j)', (address, expected) => {
  expect(parseGitAddress(address)).toEqual(expected);
});

it.each([
  [`https://example.com/x.git#${COMMIT}`, undefined, COMMIT],
  [`https://example.com/x.git#${COMMIT}:docs`, undefined, COMMIT],
  ['https://example.com/x.git#main', COMMIT, COMMIT],
  ['https://example.com/x.git#main', undefined, undefined],
  ['https://example.com/x.git#abcdef1', undefined, undefined],
])('%s with the checksum %s names the commit %s', (address, checksum, commit) => {
  expect(namedCommit({ kind: 'git', address, ...(checksum ? { checksum } : {}) })).toBe(commit);
});
