import { describe, expect, it } from 'vitest';
import { changedParts, imageKey, keyTag, type ImageContent } from './image-key';

const file = (path: string, hash = 'aa', executable = false) => ({ path, hash, executable });
const content: ImageContent = {
  dockerfile: 'FROM node\n',
  artifact: [file('main.js'), file('package.json')],
  context: [],
  contexts: {},
  buildArgs: { A: '1', B: '2' },
  labels: {},
  target: undefined,
  platforms: ['linux/amd64', 'linux/arm64'],
  baseImages: { node: 'sha256:1' },
  remotes: {},
  options: ['secret a', '--sbom=true'],
};
const base = imageKey(content);

describe('imageKey', () => {
  it('is the same on every machine', () => {
    expect(base.key).toBe('c59530115b16502644f2342299cdb6efd35a05dc5289163e623db184047578f3');
  });

  it.each<[string, Partial<ImageContent>]>([
    ['build arguments', { buildArgs: { B: '2', A: '1' } }],
    ['platforms', { platforms: ['linux/arm64', 'linux/amd64'] }],
    ['options', { options: ['--sbom=true', 'secret a'] }],
    ['files', { artifact: [...content.artifact].reverse() }],
  ])('does not depend on the order of %s', (_, some) => {
    expect(imageKey({ ...content, ...some })).toEqual({
      key: base.key,
      parts: expect.objectContaining(base.parts) as unknown,
    });
  });

  it.each<[Partial<ImageContent>, string[]]>([
    [{ dockerfile: 'FROM node:24\n' }, ['Dockerfile']],
    [{ artifact: [file('main.js', 'bb'), file('package.json')] }, ['main.js']],
    [{ artifact: [file('main.js', 'aa', true), file('package.json')] }, ['main.js']],
    [{ artifact: [file('main.js')] }, ['package.json']],
    [{ context: [file('main.js')] }, ['context/main.js']],
    [{ contexts: { extra: [file('main.js')] } }, ['context extra/main.js']],
    [{ buildArgs: { A: '1' } }, ['build arguments']],
    [{ labels: { team: 'a' } }, ['labels']],
    [{ target: 'production' }, ['target']],
    [{ platforms: [] }, ['platforms']],
    [{ baseImages: { node: 'sha256:2' } }, ['base image node']],
    [{ baseImages: { node: undefined } }, ['base image node']],
    [{ remotes: { 'https://example.com/x.git': 'a' } }, ['address https://example.com/x.git']],
    [{ options: [] }, ['options']],
  ])('%j changes %j', (some, parts) => {
    const other = imageKey({ ...content, ...some });
    expect(other.key).not.toBe(base.key);
    expect(changedParts(base.parts, other.parts)).toEqual(parts);
  });

  it.each(['Dockerfile', 'labels', 'options', 'target', 'base image node'])(
    'does not let a file that is called "%s" stand in for the part of that name',
    (name) => {
      const withFile = { ...content, artifact: [...content.artifact, file(name)] };
      const other = {
        ...withFile,
        dockerfile: 'FROM x\n',
        labels: { a: 'b' },
        options: [],
        target: 'x',
        baseImages: { node: '2' },
      };
      const before = imageKey(withFile);
      expect(changedParts(base.parts, before.parts)).toEqual([name]);
      for (const part of ['Dockerfile', 'labels', 'options', 'target', 'base image node']) {
        expect(changedParts(before.parts, imageKey(other).parts)).toContain(part);
      }
    },
  );
});

it('the tag has 32 of the 64 digits', () => {
  expect(keyTag('0123456789abcdef'.repeat(4))).toBe('k-0123456789abcdef0123456789abcdef');
});
