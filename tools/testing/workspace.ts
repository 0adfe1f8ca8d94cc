import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mustEnd, startChild, type Child, type ChildOptions } from './child.js';
import { userEnvironment } from './user-environment.js';
import { emptyWorkspace } from './workspace-files.js';

/** A workspace outside of this repository, with a unique name for itself, its images and its containers. */
export interface Workspace {
  name: string;
  root: string;
  /** Starts the workspace's own Nx. */
  startNx: (args: readonly string[], options?: WorkspaceRun) => Child;
  /** @throws {CommandFailed} unless it ends with exit code 0. */
  nx: (...args: string[]) => Promise<string>;
  npm: (...args: string[]) => Promise<string>;
  git: (...args: string[]) => Promise<string>;
  read: (path: string) => Promise<string>;
  write: (path: string, text: string) => Promise<void>;
  /** Replaces a text that must exist in the file. */
  edit: (path: string, from: string, to: string) => Promise<void>;
  commit: (message: string) => Promise<void>;
  remove: () => Promise<void>;
}

export interface WorkspaceRun extends Omit<ChildOptions, 'cwd' | 'env'> {
  env?: NodeJS.ProcessEnv;
}

/**
 * Makes a folder with the files that `create-nx-workspace --preset=ts` writes, and installs nothing.
 *
 * @param folder its name below a temporary folder.
 * @param variables more of them, for everything that is run in it.
 */
export async function createWorkspace(
  prefix: string,
  folder?: string,
  variables?: NodeJS.ProcessEnv,
): Promise<Workspace> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  const temporary = await realpath(await mkdtemp(join(tmpdir(), `micro-${name}-`)));
  const root = join(temporary, folder ?? name);
  await mkdir(join(root, 'packages'), { recursive: true });
  const workspace = openWorkspace(name, root, variables, () =>
    rm(temporary, { recursive: true, force: true, maxRetries: 3 }),
  );
  for (const [path, text] of Object.entries(emptyWorkspace(name)))
    await workspace.write(path, text);
  await workspace.git('init', '--quiet', '--initial-branch=main');
  for (const [key, value] of [
    ['user.name', 'Ada'],
    ['user.email', 'ada@example.com'],
    ['commit.gpgsign', 'false'],
  ] as const) {
    await workspace.git('config', key, value);
  }
  return workspace;
}

function openWorkspace(
  name: string,
  root: string,
  variables: NodeJS.ProcessEnv | undefined,
  remove: () => Promise<void>,
): Workspace {
  const start = (program: string, args: readonly string[], options: WorkspaceRun = {}) => {
    const env = userEnvironment({ ...variables, ...options.env });
    return startChild(program, args, { ...options, cwd: root, env });
  };
  const startNx: Workspace['startNx'] = (args, options) =>
    start(join(root, 'node_modules/.bin/nx'), args, options);
  const git = (...args: string[]) => mustEnd(start('git', args));
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  return {
    name,
    root,
    startNx,
    nx: (...args) => mustEnd(startNx(args)),
    npm: (...args) => mustEnd(start('npm', args)),
    git,
    read,
    write,
    edit: async (path, from, to) => {
      const text = await read(path);
      if (!text.includes(from)) throw new Error(`${path} has no "${from}":\n${text}`);
      await write(
        path,
        text.replace(from, () => to),
      );
    },
    commit: async (message) => {
      await git('add', '--all');
      await git('commit', '--quiet', '--message', message);
    },
    remove,
  };
}
