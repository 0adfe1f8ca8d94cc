import { describe, expect, it } from 'vitest';
import { recordedTask } from '../../testing/service-task';
import { formatSecret, normaliseOptions, parseSecret } from './options';

describe('normaliseOptions', () => {
  it('leaves nothing to guess', () => {
    const { service } = recordedTask();
    expect(normaliseOptions({ buildArgs: { A: 1, B: true } }, service)).toEqual({
      environment: undefined,
      dockerfile: 'apps/orders/Dockerfile',
      context: '.',
      artifact: 'dist/apps/orders',
      target: undefined,
      platforms: [],
      buildArgs: { A: '1', B: 'true' },
      contexts: {},
      labels: {},
      secrets: [],
      ssh: [],
      tags: [],
      cacheFrom: [],
      cacheTo: [],
      builder: undefined,
      pull: false,
      noCache: false,
      load: true,
      push: false,
      args: [],
    });
  });

  it.each([
    [{ platforms: ['linux/amd64', 'linux/arm64'], push: true }, { load: false }],
    [{ platforms: ['linux/arm64'] }, { load: true }],
    [{ contexts: { artifact: 'other' } }, { artifact: 'other' }],
  ])('%j -> %j', (options, expected) => {
    expect(normaliseOptions(options, recordedTask().service)).toMatchObject(expected);
  });

  it.each([
    [{ platforms: ['a', 'b'] }, 'an image for a and b cannot be loaded into an engine: set "push"'],
    [{ platforms: ['a', 'b'], push: true, load: true }, 'leave out "load"'],
    [
      { args: ['--platform=linux/arm64', '--build-arg', 'A=b', '--sbom=true'] },
      '"--platform=linux/arm64" in "args": set it with "platforms"\n"--build-arg" in "args": set it with "buildArgs"',
    ],
    [{ load: false }, 'with "load": false the image would be kept nowhere'],
  ])('refuses %j', (options, message) => {
    expect(() => normaliseOptions(options, recordedTask().service)).toThrow(message);
  });
});

describe('parseSecret', () => {
  it.each([
    ['id=npmrc,src=.npmrc', { id: 'npmrc', kind: 'file', path: '.npmrc' }],
    ['id=npmrc,source=.npmrc', { id: 'npmrc', kind: 'file', path: '.npmrc' }],
    ['type=env,id=token,env=TOKEN', { id: 'token', kind: 'environment', variable: 'TOKEN' }],
  ])('%s', (text, secret) => {
    expect(parseSecret(text)).toEqual(secret);
    expect(parseSecret(formatSecret(parseSecret(text)))).toEqual(secret);
  });

  it.each(['hunter2', 'id=token', 'id=token,value=hunter2', 'src=.npmrc'])(
    'refuses %s and does not repeat it',
    (text) => {
      const error = (() => {
        try {
          parseSecret(text);
        } catch (reason) {
          return (reason as Error).message;
        }
        return undefined;
      })();
      expect(error).toMatch(/^a secret is given as/);
      expect(error).not.toContain('hunter2');
    },
  );
});
