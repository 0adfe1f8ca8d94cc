import { expect, test } from 'vitest';
import {
  formatImageReference,
  isImageTag,
  namesSameImage,
  parseImageReference,
  serviceRepository,
  toImageTag,
  type ImageReference,
} from './image-reference';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each<[string, ImageReference]>([
  ['node', { repository: 'node' }],
  ['node:24-bookworm-slim', { repository: 'node', tag: '24-bookworm-slim' }],
  ['acme/orders', { repository: 'acme/orders' }],
  ['localhost/orders', { registry: 'localhost', repository: 'orders' }],
  [
    'localhost:5000/acme/orders:k-1f',
    { registry: 'localhost:5000', repository: 'acme/orders', tag: 'k-1f' },
  ],
  ['127.0.0.1:5000/a', { registry: '127.0.0.1:5000', repository: 'a' }],
  ['[::1]:5000/a:1', { registry: '[::1]:5000', repository: 'a', tag: '1' }],
  [
    `reg.example.com/a/b_c/d.e:1@${digest}`,
    { registry: 'reg.example.com', repository: 'a/b_c/d.e', tag: '1', digest },
  ],
  [`node@${digest}`, { repository: 'node', digest }],
])('%s is the same after parsing and formatting', (text, reference) => {
  expect(parseImageReference(text)).toEqual(reference);
  expect(formatImageReference(reference)).toBe(text);
});

test.each([
  '',
  ' ',
  ':tag',
  'node:',
  'node@',
  'node:a b',
  'Node',
  'acme/Orders',
  'acme//orders',
  'acme/orders/',
  '/orders',
  '-orders',
  'https://reg.example.com/orders',
  'reg.example.com:port/orders',
  'reg example.com/orders',
  'node@sha256:abc',
  `node@md5:${'0'.repeat(32)}`,
  `node:${'a'.repeat(129)}`,
])('%j is not an image reference', (text) => {
  expect(() => parseImageReference(text)).toThrow(
    `"${text}" is not an image reference: expected [registry/]name[:tag][@sha256:…]`,
  );
});

test.each([
  ['feature/login page', 'feature-login-page'],
  ['v1.2.3', 'v1.2.3'],
  ['..-hidden', 'hidden'],
  ['1.0.0+build', '1.0.0-build'],
  ['x'.repeat(200), 'x'.repeat(128)],
])('toImageTag(%j) is %j', (text, tag) => {
  expect(toImageTag(text)).toBe(tag);
  expect(isImageTag(tag)).toBe(true);
});

test.each(['', '.a', '-a', 'a b', 'a/b', 'a'.repeat(129)])('%j is not a tag', (tag) => {
  expect(isImageTag(tag)).toBe(false);
});

test('each service has its own repository', () => {
  expect(serviceRepository('acme', 'orders')).toBe('acme/orders');
  expect(serviceRepository('acme', 'orders', 'reg.example.com/team')).toBe(
    'reg.example.com/team/acme/orders',
  );
});

test.each([
  ['caddy:2', 'docker.io/library/caddy:2', true],
  ['caddy:2', 'index.docker.io/library/caddy:2', true],
  ['library/caddy:2', 'caddy:2', true],
  ['caddy', 'docker.io/library/caddy:latest', true],
  ['acme/edge:1', 'docker.io/acme/edge:1', true],
  [`caddy:2@${digest}`, `docker.io/library/caddy:2@${digest}`, true],
  [`caddy@${digest}`, `docker.io/library/caddy@${digest}`, true],
  ['caddy:2', 'docker.io/library/caddy:3', false],
  ['caddy:2', 'docker.io/acme/caddy:2', false],
  ['caddy:2', 'registry.example.com/library/caddy:2', false],
  ['registry.example.com/caddy:2', 'registry.example.com/library/caddy:2', false],
  [`caddy:2`, `caddy:2@${digest}`, false],
  ['not a reference', 'not a reference', true],
  ['not a reference', 'caddy:2', false],
  ['caddy:2', 'localhost/caddy:2', true],
  ['acme/orders', 'localhost/acme/orders:latest', true],
  ['localhost/caddy:2', 'docker.io/library/caddy:2', false],
  ['localhost:5000/caddy:2', 'caddy:2', false],
  ['localhost/caddy:1', 'caddy:2', false],
])('%s and %s name the same image: %s', (a, b, same) => {
  expect(namesSameImage(a, b)).toBe(same);
  expect(namesSameImage(b, a)).toBe(same);
});
