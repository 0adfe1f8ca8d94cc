import type { TestProject } from 'vitest/node';
import { ensureBrowser } from '../browser/ensure-browser.js';
import { LabError, say } from '../program.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the browser, or why there is none. */
    browser: { path: string } | { missing: string };
  }
}

/** Runs once per project: finds a browser. `describeBrowser` fails in CI without one, and skips elsewhere. */
export default async function setUpBrowser(project: TestProject): Promise<void> {
  try {
    project.provide('browser', { path: await ensureBrowser() });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (!process.env['CI']) {
      say(`\n!!! The "${project.name}" tests are SKIPPED: ${error.message}\n`);
    }
    project.provide('browser', { missing: error.message });
  }
}
