import type { TestProject } from 'vitest/node';
import { startNpmRegistry } from '../tools/testing/npm-registry.js';
import { createWorkspace } from '../tools/testing/workspace.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Missing if there is no engine, so that there are no tests. */
    prepared: PreparedWorkspace;
  }
}

/** Shared by all files of a run, because installing is most of the time for a new workspace. */
export interface PreparedWorkspace {
  /** Lines for `.npmrc`: an npm registry with the compiled plugin. */
  npmrc: string;
  /** The version of @org/micro in it. */
  version: string;
  /** A workspace in which `nx add @org/micro` was run. Its installed files are copied. */
  root: string;
}

/** Runs once per run, after the lab: creates a registry and a workspace, and removes them at the end. */
export default async function setUpPreparedWorkspace(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (project.getProvidedContext().noEngine !== '') return undefined;
  const npm = await startNpmRegistry();
  const workspace = await createWorkspace('e2e-prepared');
  const remove = async () => {
    await npm.stop();
    await workspace.remove();
  };
  try {
    const npmrc = `${npm.npmrc}audit=false\nfund=false\n`;
    await workspace.write('.npmrc', npmrc);
    await workspace.npm('install');
    await workspace.nx('add', '@org/micro');
    project.provide('prepared', { npmrc, version: npm.version, root: workspace.root });
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
