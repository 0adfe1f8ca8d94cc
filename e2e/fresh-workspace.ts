import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { ensureRegistry } from '../tools/registry/ensure-registry.js';
import { linkFolder } from '../tools/testing/linked-folder.js';
import { withOwnPorts } from '../tools/testing/own-ports.js';
import { PIPELINE } from '../tools/testing/user-environment.js';
import { removePlatform } from '../tools/testing/remove-platform.js';
import { createWorkspace, type Workspace } from '../tools/testing/workspace.js';
import type { PreparedWorkspace } from './workspace-setup.js';

export interface FreshWorkspace {
  workspace: Workspace;
  /** The image registry of its development environment. */
  registry: string;
  /** Its version of @org/micro. */
  version: string;
  /** Removes everything of it: containers, images, files. */
  remove: () => Promise<void>;
}

/** A committed workspace in the state after `nx add @org/micro`. Nx runs in it as in a pipeline. */
export function freshWorkspace(): Promise<FreshWorkspace> {
  return newWorkspace(
    undefined,
    async (workspace, { root }) => {
      await copyInstalled(root, workspace);
    },
    PIPELINE,
  );
}

/**
 * The same, made by the commands that a person types: nothing is copied from another workspace, and Nx has its
 * defaults.
 *
 * @param folder its name below a temporary folder.
 * @param nx the packages of Nx, if not those of this repository.
 */
export function addedWorkspace(
  folder?: string,
  nx?: Readonly<Record<string, string>>,
): Promise<FreshWorkspace> {
  return newWorkspace(folder, async (workspace) => {
    if (nx) await useNx(workspace, nx);
    await workspace.npm('install', '--prefer-offline');
    await workspace.nx('add', '@org/micro');
  });
}

/** `@nx/js` infers the targets of TypeScript projects. */
async function useNx(
  { read, write }: Workspace,
  nx: Readonly<Record<string, string>>,
): Promise<void> {
  const change = async (file: string, edit: (json: Record<string, unknown>) => void) => {
    const json = JSON.parse(await read(file)) as Record<string, unknown>;
    edit(json);
    await write(file, `${JSON.stringify(json, null, 2)}\n`);
  };
  await change('package.json', (json) => {
    const { '@nx/js': _, ...others } = json['devDependencies'] as Record<string, string>;
    json['devDependencies'] = { ...others, ...nx };
  });
  if (nx['@nx/js'] === undefined) await change('nx.json', (json) => delete json['plugins']);
}

async function newWorkspace(
  folder: string | undefined,
  install: (workspace: Workspace, prepared: PreparedWorkspace) => Promise<void>,
  variables?: NodeJS.ProcessEnv,
): Promise<FreshWorkspace> {
  const { host } = await ensureRegistry();
  const prepared = inject('prepared');
  const workspace = await createWorkspace('e2e', folder, variables);
  const projects = ['', '-development', '-staging', '-production'].map(
    (end) => workspace.name + end,
  );
  const remove = async () => {
    await removePlatform(workspace.name, projects, host);
    await workspace.remove();
  };
  try {
    await workspace.write('.npmrc', prepared.npmrc);
    await install(workspace, prepared);
    // nx add does not pass options to init.
    await workspace.nx('g', '@org/micro:init', `--registry=${host}`);
    await workspace.commit('An Nx workspace with @org/micro');
  } catch (error) {
    await remove();
    throw error;
  }
  return { workspace, registry: host, version: prepared.version, remove };
}

interface PackageJson {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Fields that another workspace must have, too. Only the names of the two may differ. */
async function copyInstalled(from: string, workspace: Workspace): Promise<void> {
  const text = await readFile(join(from, 'package.json'), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(text) as PackageJson;
  const own = JSON.parse(await workspace.read('package.json')) as PackageJson;
  const merged = { ...own, dependencies, devDependencies };
  await workspace.write('package.json', `${JSON.stringify(merged, null, 2)}\n`);
  await copyFile(join(from, 'package-lock.json'), join(workspace.root, 'package-lock.json'));
  const folders = [from, workspace.root].map((root) => join(root, 'node_modules')) as [
    string,
    string,
  ];
  await linkFolder(...folders, ['.package-lock.json']);
  // Only writes this workspace's name into the lockfile; nothing is downloaded.
  await workspace.npm('install');
}

/** Publishes the datastores of its development environment on ports that no other workspace uses. */
export async function useOwnPorts({ read, write, nx }: Workspace): Promise<void> {
  const file = 'environments/development.compose.yaml';
  const { text } = await withOwnPorts(await read(file));
  await write(file, text);
  // Updates the variables for `nx serve`.
  await nx('sync');
}
