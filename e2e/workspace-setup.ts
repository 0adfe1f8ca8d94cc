import type { TestProject } from 'vitest/node';
import { startNpmRegistry } from '../tools/testing/npm-registry.js';
import { createWorkspace } from '../tools/testing/workspace.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Not there if there is no engine, and so no test. */
    prepared: PreparedWorkspace;
  }
}

/** What all files of a run share: installing is most of what a new workspace takes. */
export interface PreparedWorkspace {
  /** Lines for `.npmrc`: an npm registry that has the plugin as it is compiled now. */
  npmrc: string;
  /** The version of @org/micro that is in it. */
  version: string;
  /** A workspace in which `nx add @org/micro` was run: what it installed is copied from there. */
  root: string;
}

/** Once per run, after the lab: a registry and a workspace, gone when the run is over. */
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
