import { defineConfig } from 'vitest/config';
import { Turns } from './tools/ci/turns.js';

const MINUTE = 60_000;
const ignored = ['**/node_modules/**', '**/dist/**', '**/tmp/**', '**/files/**'];
const engineSpecs = ['packages/*/src/**/*.engine.spec.ts', 'tools/**/*.engine.spec.ts'];
const browserSpecs = ['packages/*/src/**/*.browser.spec.ts'];

/** No project retries: a flake is a bug. */
export default defineConfig({
  test: {
    reporters: ['default', './tools/ci/summary-reporter.ts'],
    sequence: { sequencer: Turns },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.spec.ts', 'tools/**/*.spec.ts'],
          exclude: [...ignored, ...engineSpecs, ...browserSpecs],
          // The first tree of a file loads all of @nx/devkit, which takes seconds on a busy machine.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'engine',
          include: engineSpecs,
          exclude: ignored,
          globalSetup: './tools/testing/lab-setup.ts',
          maxWorkers: 3,
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
          maxWorkers: 3,
          testTimeout: 2 * MINUTE,
          hookTimeout: 5 * MINUTE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          exclude: ignored,
          globalSetup: ['./tools/testing/lab-setup.ts', './e2e/workspace-setup.ts'],
          maxWorkers: 3,
          testTimeout: 15 * MINUTE,
          hookTimeout: 15 * MINUTE,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
