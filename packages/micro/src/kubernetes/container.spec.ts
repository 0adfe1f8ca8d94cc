import { expect, test } from 'vitest';
import { argumentsOf, execProbe, resourcesOf, temporaryFolders, wholeSeconds } from './container';
import { imageUser } from './image-user';

test.each<[Record<string, unknown>, object | undefined]>([
  [{}, undefined],
  [{ healthcheck: { test: ['NONE'] } }, undefined],
  [
    {
      healthcheck: { test: ['CMD', 'check', '$$A'], interval: '1m30s', timeout: '5s', retries: 3 },
    },
    {
      exec: { command: ['check', '$A'] },
      periodSeconds: 90,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
  ],
  [
    { healthcheck: { test: ['CMD-SHELL', 'pg_isready --username="$$POSTGRES_USER"'] } },
    {
      exec: { command: ['sh', '-c', 'pg_isready --username="$POSTGRES_USER"'] },
      timeoutSeconds: 30,
    },
  ],
])('the probe of %j', (entry, probe) => {
  expect(execProbe(entry)).toEqual(probe);
});

test('arguments are passed on, dollars and all', () => {
  const entry = { entrypoint: ['sh', '-c'], command: ['echo "$$HOME"'] };
  expect(argumentsOf(entry)).toEqual({ command: ['sh', '-c'], args: ['echo "$$HOME"'] });
  expect(argumentsOf({ entrypoint: null, command: null })).toEqual({});
});

test('a tmpfs is an empty folder, whatever options it has', () => {
  expect(temporaryFolders({ tmpfs: ['/tmp', '/data:size=1m'] })).toEqual({
    volumes: [
      { name: 'temporary-0', emptyDir: {} },
      { name: 'temporary-1', emptyDir: {} },
    ],
    mounts: [
      { name: 'temporary-0', mountPath: '/tmp' },
      { name: 'temporary-1', mountPath: '/data' },
    ],
  });
});

test('limits are requests, too, unless those are less', () => {
  expect(resourcesOf({})).toEqual({});
  expect(resourcesOf({ cpus: 0.25, memory: '256M' })).toEqual({
    resources: {
      limits: { cpu: '250m', memory: '256Mi' },
      requests: { cpu: '250m', memory: '256Mi' },
    },
  });
  expect(resourcesOf({ memory: '1G' }, { cpus: 0.1 })).toEqual({
    resources: { limits: { memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
  });
});

test.each([
  ['40s', 40],
  ['1m30s', 90],
  ['1h', 3600],
  ['1.5s', 2],
  ['500ms', 1],
])('%s is %i s', (text, seconds) => {
  expect(wholeSeconds(text)).toBe(seconds);
});

test.each([
  ['postgres:17-bookworm', 999],
  ['postgres:17-alpine', 70],
  ['registry.example.com/mirror/redis:8@sha256:' + 'a'.repeat(64), 999],
  ['acme/own-database:1', undefined],
])('%s runs as %s', (image, user) => {
  expect(imageUser(image)).toBe(user);
});
