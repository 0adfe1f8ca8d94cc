import type { Tree } from '@nx/devkit';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { ROOT } from '../../../../tools/generated/file';
import { mustEnd, startChild } from '../../../../tools/testing/child';
import { freePort } from '../../../../tools/testing/free-port';
import { buildArtifact } from '../effects/bundle-artifact';
import { temporaryWorkspace } from './temporary-workspace';
import { treeFiles } from './tree-files';

/**
 * Builds services of a tree as for an image that installs nothing beside the bundle.
 *
 * @returns the workspace's folder, gone when the test is over.
 */
export async function bundleServices(tree: Tree, names: readonly string[]): Promise<string> {
  const root = temporaryWorkspace(treeFiles(tree));
  await bundleInto(root, names);
  return root;
}

/** Builds services of a workspace with the packages of this repository, which are not there afterwards. */
export async function bundleInto(root: string, names: readonly string[]): Promise<void> {
  const packages = join(root, 'node_modules');
  symlinkSync(join(ROOT, 'node_modules'), packages);
  try {
    for (const name of names) {
      const { externals } = await buildArtifact({
        workspaceRoot: root,
        projectRoot: `apps/${name}`,
        build: { entry: 'src/main.ts', external: [], assets: [] },
        outputPath: `dist/apps/${name}`,
      });
      expect([...externals]).toEqual([]);
    }
  } finally {
    rmSync(packages);
  }
}

export interface BundledService {
  url: string;
  /** Ends it in order; fails if it does not end with 0. */
  stop(): Promise<void>;
}

/** Runs a bundle as a process until it is ready; it is gone when the test is over. */
export async function startBundle(
  root: string,
  name: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<BundledService> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startChild(process.execPath, [join(root, `dist/apps/${name}/app/main.js`)], {
    cwd: root,
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      STOP_DELAY_MS: '0',
      ...variables,
    },
  });
  onTestFinished(() => child.signal('SIGKILL'));
  await vi.waitFor(
    async () => {
      if (!child.isAlive()) throw new Error(`${name} ended:\n${child.output()}`);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
    },
    { timeout: 60_000, interval: 50 },
  );
  return {
    url,
    stop: async () => {
      child.signal('SIGTERM');
      await mustEnd(child);
    },
  };
}
