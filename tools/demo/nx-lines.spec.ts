import { describe, expect, it } from 'vitest';
import { tellTarget } from './nx-lines.js';

const key = 'k-0a2a79bffe514e58c2acddcb57158090';
const found = `orders: \u001b[1morders\u001b[22m  \u001b[2mup to date\u001b[22m  demo/orders:${key}  0.2 s`;
const pushed = `orders  pushed  127.0.0.1:5000/demo/orders:${key}@sha256:c65eef9db254…  0.1 s`;

describe('tellTarget', () => {
  it.each([
    ['docker-build', found, 'orders    up to date  demo/orders:k-0a2a79bffe51…  0.2 s'],
    [
      'docker-push',
      pushed,
      'orders    pushed  127.0.0.1:5000/demo/orders:k-0a2a79bffe51…@sha256:c65eef9db254…  0.1 s',
    ],
    ['docker-push', found, undefined],
    ['docker-build', '> nx run orders:build  [local cache]', undefined],
    ['docker-build', 'orders  bundled  dist/apps/orders  2.02 MB', undefined],
    [
      'compose-deploy',
      'users:   create   users    it is not running; 0a2a79bffe51 (sha256:c65eef9db254)',
      'users     it is not running',
    ],
    [
      'compose-deploy',
      'development  done  1 updated  16.6 s  gateway: http://localhost',
      'development done  1 updated  16.6 s  gateway: http://localhost',
    ],
    ['compose-deploy', '  keep     users  nothing changed', undefined],
  ])('%s: %s', (target, line, told) => {
    expect(tellTarget(target, line)).toBe(told);
  });
});
