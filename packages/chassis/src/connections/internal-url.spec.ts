import { expect, it } from 'vitest';
import { isInternalUrl } from './internal-url.js';

it.each([
  ['http://keycloak:8080/certs', true],
  ['http://localhost:8080', true],
  ['http://127.0.0.1:8080', true],
  ['http://[::1]:8080', true],
  ['http://10.0.0.7', true],
  ['http://[fd00::7]', true],
  ['http://[::ffff:10.0.0.7]', true],
  ['http://issuer.default.svc.cluster.local', true],
  ['http://host.docker.internal:8080', true],
  ['https://id.example.com', false],
  ['https://203.0.113.7', false],
  ['https://[2001:db8::7]', false],
  ['https://[::ffff:203.0.113.7]', false],
])('%s: %s', (url, expected) => {
  expect(isInternalUrl(new URL(url))).toBe(expected);
});
