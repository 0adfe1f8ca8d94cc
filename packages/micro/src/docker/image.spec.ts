import { expect, it } from 'vitest';
import {
  historyArguments,
  historySize,
  pullArguments,
  pushArguments,
  pushedDigest,
  removeArguments,
  tagArguments,
} from './image';

it.each([
  [tagArguments('a:1', 'r/a:1'), ['tag', 'a:1', 'r/a:1']],
  [pushArguments('r/a:1'), ['push', 'r/a:1']],
  [pullArguments('r/a:1'), ['pull', '--quiet', 'r/a:1']],
  [removeArguments('a:1'), ['image', 'rm', 'a:1']],
  [historyArguments('a:1'), ['image', 'history', '--human=false', '--format', '{{.Size}}', 'a:1']],
])('%j', (args, expected) => {
  expect(args).toEqual(expected);
});

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

it.each([
  [`The push refers to repository [r/a]\n1: Pushed\n1: digest: ${digest} size: 1786\n`, digest],
  ['1: Layer already exists\n', undefined],
  ['digest: sha256:abc size: 1', undefined],
])('reads the digest of %j', (stdout, expected) => {
  expect(pushedDigest(stdout)).toBe(expected);
});

it('adds up the steps of an image', () => {
  expect(historySize('8192\n1007616\n0\n92254208\n')).toBe(93270016);
});
