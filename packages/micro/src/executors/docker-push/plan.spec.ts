import { describe, expect, it } from 'vitest';
import { planPush, type RemoteFacts } from './plan';
import { LABELS } from '../../platform/image-labels';

const remote = new Map<string, RemoteFacts>([
  ['k-1', { digest: 'sha256:1', labels: { [LABELS.key]: 'one' } }],
  ['v1.0.0', { digest: 'sha256:2', labels: { [LABELS.key]: 'two' } }],
  ['main', { digest: 'sha256:2', labels: { [LABELS.key]: 'two' } }],
  ['foreign', { digest: 'sha256:3', labels: {} }],
]);

describe('planPush', () => {
  it.each([
    [
      { tag: 'new', immutable: true },
      { kind: 'push', tag: 'new', moves: undefined },
    ],
    [
      { tag: 'k-1', immutable: true },
      { kind: 'there', tag: 'k-1', digest: 'sha256:1' },
    ],
    [
      { tag: 'main', immutable: false },
      { kind: 'push', tag: 'main', moves: 'sha256:2' },
    ],
    [
      { tag: 'v1.0.0', immutable: true },
      { kind: 'refuse', tag: 'v1.0.0', digest: 'sha256:2', reason: 'it names content two' },
    ],
    [
      { tag: 'foreign', immutable: true },
      {
        kind: 'refuse',
        tag: 'foreign',
        digest: 'sha256:3',
        reason: 'it names an image without a key',
      },
    ],
  ])('%j', (tag, expected) => {
    expect(planPush('one', [tag], remote)).toEqual([expected]);
  });
});
