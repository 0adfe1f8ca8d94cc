import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { ensureRegistry } from '../tools/registry/ensure-registry.js';
import { linkFolder } from '../tools/testing/linked-folder.js';
import { withOwnPorts } from '../tools/testing/own-ports.js';
import { removePlatform } from '../tools/testing/remove-platform.js';
import { createWorkspace, type Workspace } from '../tools/testing/workspace.js';
import type { PreparedWorkspace } from './workspace-setup.js';

export interface FreshWorkspace {
  workspace: Workspace;
  /** The image registry of its development environment. */
  registry: string;
  /** The version of @org/micro that is in it. */
  version: string;
  /** Removes all that was made with it: containers, images, the files. */
  remove: () => Promise<void>;
}

/** A workspace as a person has it after `nx add @org/micro`, committed. */
export function freshWorkspace(): Promise<FreshWorkspace> {
  return newWorkspace(undefined, async (workspace, { root }) => {
    await copyInstalled(root, workspace);
  });
}

/**
 * The same by the very commands that a person types: nothing is taken from another workspace.
 * @param folder its name below a temporary folder.
 * @param nx the packages of Nx that it has, if not those of this repository.
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

/** Without `@nx/js`, nobody infers targets of TypeScript projects. */
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
): Promise<FreshWorkspace> {
  const { host } = await ensureRegistry();
  const prepared = inject('prepared');
  const workspace = await createWorkspace('e2e', folder);
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
    // nx add hands no option on to init.
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

/** What another workspace asks for and has: the name is all that tells the two installations apart. */
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
  // Nothing to fetch: the lockfile gets this workspace's name.
  await workspace.npm('install');
}

/** Has the datastores of its development environment where no other workspace has them. */
export async function useOwnPorts({ read, write, nx }: Workspace): Promise<void> {
  const file = 'environments/development.compose.yaml';
  const { text } = await withOwnPorts(await read(file));
  await write(file, text);
  // What `nx serve` is told follows.
  await nx('sync');
}
