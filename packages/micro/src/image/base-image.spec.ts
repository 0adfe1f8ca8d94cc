import { describe, expect, it } from 'vitest';
import { variantDigest } from './base-image';

const variant = {
  platform: 'linux/amd64',
  layers: ['sha256:1', 'sha256:2'],
  config: { Env: ['PATH=/bin'], Labels: { a: '1', b: '2' }, User: 'node' },
};

describe('variantDigest', () => {
  it('ignores what an engine adds to a configuration', () => {
    const told = {
      ...variant.config,
      Labels: { b: '2', a: '1' },
      Hostname: '',
      Image: 'sha256:parent',
      Cmd: null,
      Entrypoint: [],
      Volumes: {},
      WorkingDir: '',
      ArgsEscaped: true,
    };
    expect(variantDigest({ ...variant, config: told })).toBe(variantDigest(variant));
  });

  it.each([
    ['platform', { ...variant, platform: 'linux/arm64' }],
    ['layer', { ...variant, layers: ['sha256:1', 'sha256:3'] }],
    ['order of layers', { ...variant, layers: ['sha256:2', 'sha256:1'] }],
    ['variable', { ...variant, config: { ...variant.config, Env: ['PATH=/sbin'] } }],
    ['user', { ...variant, config: { ...variant.config, User: '' } }],
    ['command', { ...variant, config: { ...variant.config, Cmd: ['node'] } }],
  ])('is another for another %s', (_, other) => {
    expect(variantDigest(other)).not.toBe(variantDigest(variant));
  });
});
