import { ensureRegistry } from '../tools/registry/ensure-registry.js';
import { startNpmRegistry } from '../tools/testing/npm-registry.js';
import { removePlatform } from '../tools/testing/remove-platform.js';
import { createWorkspace, type Workspace } from '../tools/testing/workspace.js';

export interface FreshWorkspace {
  workspace: Workspace;
  /** The image registry of its development environment. */
  registry: string;
  /** The version of @org/micro that is in it. */
  version: string;
  /** Removes all that was made with it: containers, images, the registry's process, the files. */
  remove: () => Promise<void>;
}

/** A workspace that a person just ran `nx add @org/micro` in, committed. */
export async function freshWorkspace(folder?: string): Promise<FreshWorkspace> {
  const { host } = await ensureRegistry();
  const npm = await startNpmRegistry();
  const workspace = await createWorkspace('e2e', folder);
  const projects = ['', '-development', '-staging', '-production'].map(
    (end) => workspace.name + end,
  );
  const remove = async () => {
    await npm.stop();
    await removePlatform(workspace.name, projects, host);
    await workspace.remove();
  };
  try {
    await workspace.write('.npmrc', `${npm.npmrc}audit=false\nfund=false\n`);
    await workspace.npm('install');
    // nx add hands no option on to init.
    await workspace.nx('add', '@org/micro');
    await workspace.nx('g', '@org/micro:init', `--registry=${host}`);
    await workspace.commit('An Nx workspace with @org/micro');
  } catch (error) {
    await remove();
    throw error;
  }
  return { workspace, registry: host, version: npm.version, remove };
}
