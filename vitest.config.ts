import { defineConfig } from 'vitest/config';
import { Turns } from './tools/ci/turns.js';

const MINUTE = 60_000;
const ignored = ['**/node_modules/**', '**/dist/**', '**/tmp/**', '**/files/**'];
const engineSpecs = ['packages/*/src/**/*.engine.spec.ts', 'tools/**/*.engine.spec.ts'];
const clusterSpecs = ['packages/*/src/**/*.cluster.spec.ts', 'e2e/**/*.cluster.spec.ts'];
const browserSpecs = ['packages/*/src/**/*.browser.spec.ts'];

/** How many files with an engine run at a time: more than there are cores on a small machine, since they mostly wait. */
const AT_A_TIME = 3;

/** First the unit tests, then all others, mixed. No project retries: a flake is a bug. */
export default defineConfig({
  test: {
    reporters: [
      'default',
      './tools/ci/summary-reporter.ts',
      ...(process.env['SUPPORT'] === 'write' ? ['./tools/ci/support-reporter.ts'] : []),
    ],
    sequence: { sequencer: Turns },
    projects: [
      {
        // Vite would take the ES modules, beside the CommonJS that packages get from Node: two copies.
        resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.spec.ts', 'tools/**/*.spec.ts'],
          exclude: [...ignored, ...engineSpecs, ...browserSpecs, ...clusterSpecs],
          // For tests that hang. On a busy machine, 50 services take most of a minute, and loading @nx/devkit takes seconds.
          testTimeout: 2 * MINUTE,
          hookTimeout: MINUTE,
          // Vitest would leave one core alone: half of two.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'engine',
          include: engineSpecs,
          exclude: ignored,
          globalSetup: './tools/testing/lab-setup.ts',
          maxWorkers: AT_A_TIME,
          testTimeout: 5 * MINUTE,
          hookTimeout: 10 * MINUTE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: browserSpecs,
          exclude: ignored,
          globalSetup: ['./tools/testing/lab-setup.ts', './tools/testing/browser-setup.ts'],
          maxWorkers: AT_A_TIME,
          testTimeout: 2 * MINUTE,
          hookTimeout: 5 * MINUTE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'cluster',
          include: clusterSpecs,
          exclude: ignored,
          globalSetup: './tools/testing/cluster-setup.ts',
          maxWorkers: 1,
          testTimeout: 5 * MINUTE,
          hookTimeout: 5 * MINUTE,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          exclude: [...ignored, ...clusterSpecs],
          globalSetup: ['./tools/testing/lab-setup.ts', './e2e/workspace-setup.ts'],
          maxWorkers: AT_A_TIME,
          testTimeout: 15 * MINUTE,
          hookTimeout: 15 * MINUTE,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
