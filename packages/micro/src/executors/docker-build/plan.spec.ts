import { expect, it } from 'vitest';
import type { BuildReceipt } from '../../image/receipt';
import { planBuild, type BuildFacts } from './plan';
import { LABELS } from '../../platform/image-labels';

const ours = { [LABELS.key]: 'one' };
const theirs = { [LABELS.key]: 'two' };
const remote = (labels: Record<string, string>) => ({ labels, digest: 'sha256:1' });
const facts: BuildFacts = {
  key: { key: 'one', parts: { Dockerfile: '1', 'artifact/main.js': '1', labels: '1' } },
  onEngine: undefined,
  inRegistry: undefined,
  previous: undefined,
  forced: false,
  load: true,
  fetch: true,
  push: false,
};
const previous = (parts: Record<string, string>) => ({ parts }) as unknown as BuildReceipt;

const onlyMain = { Dockerfile: '1', 'artifact/main.js': '2', labels: '1' };
const straight = { load: false, push: true };

it.each<[string, Partial<BuildFacts>, object]>([
  ['on the engine', { onEngine: ours }, { kind: 'found', where: 'engine' }],
  ['in the registry', { inRegistry: remote(ours) }, { kind: 'pull', digest: 'sha256:1' }],
  [
    'in the registry, for another engine',
    { fetch: false, inRegistry: remote(ours) },
    { kind: 'found', where: 'registry' },
  ],
  [
    'in the registry, not to be loaded',
    { ...straight, inRegistry: remote(ours) },
    { kind: 'found', where: 'registry' },
  ],
  [
    'on the engine, not yet in the registry',
    { push: true, onEngine: ours },
    { kind: 'build', reason: 'the registry does not have it' },
  ],
  [
    'in both',
    { push: true, onEngine: ours, inRegistry: remote(ours) },
    { kind: 'found', where: 'engine' },
  ],
  [
    'under a tag of another image',
    { onEngine: theirs, inRegistry: remote(theirs) },
    { kind: 'build', reason: 'the image under its tag is not the one that was built for it' },
  ],
  [
    'asked for',
    { onEngine: ours, forced: true },
    { kind: 'build', reason: 'asked to build without cache' },
  ],
  ['new', {}, { kind: 'build', reason: 'first build here' }],
  [
    'removed',
    { previous: previous(facts.key.parts) },
    { kind: 'build', reason: 'the image is not on the engine any more' },
  ],
  [
    'removed there',
    { ...straight, previous: previous(facts.key.parts) },
    { kind: 'build', reason: 'the registry does not have it' },
  ],
  ['changed', { previous: previous(onlyMain) }, { kind: 'build', reason: 'changed: main.js' }],
  [
    'changed a lot',
    { previous: previous({ a: '1', b: '1' }) },
    { kind: 'build', reason: 'changed: Dockerfile, a, b and 2 more' },
  ],
])('an image that is %s', (_, some, expected) => {
  expect(planBuild({ ...facts, ...some })).toEqual(expected);
});
