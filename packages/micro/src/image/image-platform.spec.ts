import { describe, expect, it } from 'vitest';
import { parseImagePlatform, platformArguments, runsOn, targetPlatforms } from './image-platform';

describe('parseImagePlatform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['arm64', 'linux/arm64'],
    ['Linux/AArch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['windows/amd64', 'windows/amd64'],
  ])('%s is %s', (text, platform) => {
    expect(parseImagePlatform(text)).toBe(platform);
  });

  it.each(['', 'linux', 'linux/', 'linux/arm/v7/x', 'linux/a b'])('refuses %j', (text) => {
    expect(() => parseImagePlatform(text)).toThrow(
      `"${text}" is not a platform: write for example`,
    );
  });
});

it.each([
  ['linux/amd64', 'linux/amd64', true],
  ['linux/amd64/v3', 'linux/amd64', true],
  ['linux/386', 'linux/amd64', true],
  ['linux/arm/v7', 'linux/arm64', true],
  ['linux/arm64', 'linux/amd64', false],
  ['linux/amd64', 'linux/arm64', false],
  ['windows/amd64', 'linux/amd64', false],
])('whether %s runs on %s: %s', (image, engine, runs) => {
  expect(runsOn(image, engine)).toBe(runs);
});

describe('targetPlatforms', () => {
  const none = { options: [], environment: undefined, variable: undefined, engine: 'linux/amd64' };
  const environment = { file: 'environments/live.yml', platform: 'linux/arm64' };

  it.each([
    ['the engine', none, ['linux/amd64']],
    ['the variable', { ...none, variable: 'linux/arm64' }, ['linux/arm64']],
    ['an empty variable', { ...none, variable: '' }, ['linux/amd64']],
    ['the environment', { ...none, variable: 'linux/386', environment }, ['linux/arm64']],
    ['an environment that says nothing', { ...none, environment: { file: 'x' } }, ['linux/amd64']],
    [
      'the options',
      { ...none, variable: 'linux/386', options: ['linux/arm64', 'amd64', 'linux/amd64'] },
      ['linux/amd64', 'linux/arm64'],
    ],
    ['nobody', { ...none, engine: undefined }, []],
  ])('come from %s', (_, sources, platforms) => {
    expect(targetPlatforms(sources)).toEqual(platforms);
  });

  it('refuses an image that the hosts of the environment cannot run', () => {
    expect(() => targetPlatforms({ ...none, options: ['linux/amd64'], environment })).toThrow(
      'environments/live.yml says that its hosts are linux/arm64, but "platforms" of docker-build names linux/amd64: add linux/arm64, or correct',
    );
  });
});

it('gives the arguments that BuildKit gives', () => {
  expect(platformArguments('linux/arm/v7', 'linux/amd64')).toEqual({
    TARGETPLATFORM: 'linux/arm/v7',
    TARGETOS: 'linux',
    TARGETARCH: 'arm',
    TARGETVARIANT: 'v7',
    BUILDPLATFORM: 'linux/amd64',
    BUILDOS: 'linux',
    BUILDARCH: 'amd64',
    BUILDVARIANT: '',
  });
});
