import { expect, test } from 'vitest';
import { formatFiles } from './support-reporter.js';

test.each([
  [['/a/edge.engine.spec.ts', '/b/docker-build.engine.spec.ts'], 'docker-build, edge'],
  [['/e2e/managers/yarn.spec.ts', '/e2e/managers/bun.spec.ts'], 'bun, yarn'],
  [['/a/live.browser.spec.ts'], 'live'],
  [Array.from({ length: 13 }, (_, index) => `/a/${index}.spec.ts`), '13 files'],
])('a row names the files of a short run: %j', (paths, text) => {
  expect(formatFiles(paths)).toBe(text);
});
