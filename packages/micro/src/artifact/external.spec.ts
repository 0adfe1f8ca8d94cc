import { expect, it } from 'vitest';
import { externalReason, packageOfImport } from './external';

it.each([
  [{ name: 'fastify', dependencies: { pino: '1' } }, undefined],
  [{ name: 'dd-trace' }, 'it hooks module loading'],
  [{ name: '@opentelemetry/instrumentation-http' }, 'it hooks module loading'],
  [{ name: '@opentelemetry/api' }, undefined],
  [{ name: '@opentelemetry/instrumentation' }, 'it hooks module loading'],
  [{ name: '@opentelemetry/instrumentation-undici' }, undefined],
  [{ name: 'import-in-the-middle' }, 'it hooks module loading'],
  [
    { name: 'bcrypt', dependencies: { 'node-gyp-build': '4' } },
    'a native addon (depends on node-gyp-build)',
  ],
  [{ name: 'addon', gypfile: true }, 'a native addon'],
  [{ name: 'addon', hasBinding: true }, 'a native addon'],
  [
    { name: '@node-rs/argon2', optionalDependencies: { '@node-rs/argon2-linux-x64-gnu': '2' } },
    'a native addon (brings @node-rs/argon2-linux-x64-gnu)',
  ],
  [
    { name: 'esbuild', optionalDependencies: { '@esbuild/linux-x64': '0' } },
    'a native addon (brings @esbuild/linux-x64)',
  ],
  [{ name: 'chokidar', optionalDependencies: { fsevents: '2' } }, undefined],
])('%j -> %s', (facts, reason) => {
  expect(externalReason({ hasBinding: false, ...facts })).toBe(reason);
});

it.each([
  ['@opentelemetry/instrumentation', '@fastify/otel', true],
  ['@opentelemetry/instrumentation', '@opentelemetry/instrumentation-undici', true],
  ['import-in-the-middle', '@opentelemetry/instrumentation', true],
  ['require-in-the-middle', '@opentelemetry/instrumentation', true],
  ['@opentelemetry/instrumentation', '@sentry/node', false],
  ['import-in-the-middle', '@sentry/node', false],
  ['import-in-the-middle', '@fastify/otel', false],
  ['@opentelemetry/instrumentation-http', '@opentelemetry/instrumentation', false],
])('%s for %s is bundled: %s', (name, importer, isBundled) => {
  const reason = externalReason({ name, hasBinding: false }, importer);
  expect(reason).toBe(isBundled ? undefined : 'it hooks module loading');
});

it.each([
  ['fastify', 'fastify'],
  ['fastify/lib/x', 'fastify'],
  ['@acme/shared', '@acme/shared'],
  ['@acme/shared/money', '@acme/shared'],
])('%s is of %s', (specifier, name) => {
  expect(packageOfImport(specifier)).toBe(name);
});
