// Types only: Nx calls this for every project graph, and to load @nx/devkit takes longer than all the rest.
import type { CreateNodesContext, CreateNodesResult, CreateNodesResultArray } from '@nx/devkit';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ENVIRONMENTS_FOLDER, MANIFEST_FILE } from './paths';
import { DEFAULT_TARGET_NAMES, serviceTargets, type TargetNames } from './targets';

/** Options of `@org/micro` in nx.json: other names for the inferred targets. */
export interface MicroPluginOptions {
  targetNames?: Partial<TargetNames>;
}

/** Makes every project with a `service.yml` a service: files in, targets out, nothing else asked. */
export const createNodes = [
  `**/${MANIFEST_FILE}`,
  (
    manifests: readonly string[],
    options: MicroPluginOptions | undefined,
    context: CreateNodesContext,
  ): Promise<CreateNodesResultArray> => {
    const environments = environmentNames(context.workspaceRoot);
    const names = { ...DEFAULT_TARGET_NAMES, ...options?.targetNames };
    return Promise.resolve(
      manifests.map((manifest) => [
        manifest,
        serviceNode(manifest, environments, names, context.workspaceRoot),
      ]),
    );
  },
] as const;

/** Nx 22 looks for this name first. */
export const createNodesV2 = createNodes;

function serviceNode(
  manifest: string,
  environments: readonly string[],
  names: TargetNames,
  workspaceRoot: string,
): CreateNodesResult {
  const root = dirname(manifest).replaceAll('\\', '/');
  const isProject = ['project.json', 'package.json'].some((file) =>
    existsSync(join(workspaceRoot, root, file)),
  );
  if (!isProject || root === '.') return {};
  return {
    projects: {
      [root]: { targets: serviceTargets({ root, environments, bundlers: bundlers() }, names) },
    },
  };
}

function environmentNames(workspaceRoot: string): string[] {
  const folder = join(workspaceRoot, ENVIRONMENTS_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[^.]+\.yml$/.test(file))
    .map((file) => file.slice(0, -'.yml'.length))
    .sort();
}

/** Nx knows this package as a dependency only where it is installed: in its own workspace it is a project. */
function bundlers(): string[] {
  const installed = __dirname.replaceAll('\\', '/').includes('/node_modules/@org/micro/');
  return installed ? ['@org/micro', 'esbuild'] : ['esbuild'];
}
