// Types only: Nx calls this for every project graph, and to load @nx/devkit takes longer than all the rest.
import type { CreateNodesContext, CreateNodesResult, CreateNodesResultArray } from '@nx/devkit';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { environmentNames } from '../effects/environment-names';
import { fileReader } from '../effects/file-reader';
import { ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import { parseSubgraphs, SUBGRAPHS_FILE } from '../platform/subgraphs-file';
import { hasComposers } from './compose-target';
import { LAMBDA_ENTRY, MANIFEST_FILE } from './paths';
import { mayPush } from './may-push';
import { PROJECT_FILES, platformProjectName, platformTargets } from './platform-project';
import { GENERATION_FILE, hasGenerators, protoTargets } from './proto-project';
import { RELEASE, SERVICE_TAG } from './release-config';
import { DEFAULT_TARGET_NAMES, serviceTargets, type TargetNames } from './targets';

/** Options of `@org/micro` in nx.json: other names for what is inferred. */
export interface MicroPluginOptions {
  targetNames?: Partial<TargetNames>;
  /** The name of the project that `environments/` is, or `false` for none. */
  platformProject?: string | false;
}

/**
 * Makes every project with a `service.yml` a service, and `environments/` a project with the commands
 * of the platform: files in, targets out, nothing else asked.
 */
export const createNodes = [
  // The files of other projects say which names are taken.
  `{**/${MANIFEST_FILE},**/${GENERATION_FILE},${ENVIRONMENTS_FOLDER}/*.yml,${PROJECT_FILES.map((file) => `**/${file}`).join(',')}}`,
  (
    files: readonly string[],
    options: MicroPluginOptions | undefined,
    context: CreateNodesContext,
  ): Promise<CreateNodesResultArray> => {
    const environments = environmentNames(context.workspaceRoot);
    const names = { ...DEFAULT_TARGET_NAMES, ...options?.targetNames };
    const manifests = files.filter((file) => basename(file) === MANIFEST_FILE);
    const contracts = files.filter(
      (file) => basename(file) === GENERATION_FILE && isGenerated(file, context.workspaceRoot),
    );
    const pushes = mayPush(context, environments, names.dockerPush);
    const facts = { environments, hasContracts: contracts.length > 0, pushes };
    const nodes: CreateNodesResultArray = manifests.map((manifest) => [
      manifest,
      serviceNode(manifest, facts, names, context.workspaceRoot),
    ]);
    const baseBranch = context.nxJsonConfiguration.defaultBase ?? 'main';
    return Promise.resolve([
      ...nodes,
      ...contracts.map((file) => protoNode(file, baseBranch)),
      ...platformNode(files, environments, options?.platformProject, context.workspaceRoot),
    ]);
  },
] as const;

/** Nx 22 looks for this name first. */
export const createNodesV2 = createNodes;

function serviceNode(
  manifest: string,
  {
    pushes,
    ...facts
  }: {
    environments: readonly string[];
    hasContracts: boolean;
    pushes: (root: string) => boolean;
  },
  names: TargetNames,
  workspaceRoot: string,
): CreateNodesResult {
  const root = folderOf(manifest);
  if (!isProject(root, workspaceRoot)) return {};
  const isFunction = existsSync(join(workspaceRoot, root, LAMBDA_ENTRY));
  return {
    projects: {
      [root]: {
        targets: serviceTargets(
          {
            root,
            ...facts,
            pushes: pushes(root),
            isFunction,
            bundlers: bundlers(),
            schemas: schemasOf(root, workspaceRoot),
          },
          names,
        ),
        tags: [SERVICE_TAG],
        release: RELEASE,
      },
    },
  };
}

/** Of a gateway of GraphQL, as `nx sync` wrote them down. */
function schemasOf(root: string, workspaceRoot: string): string[] | undefined {
  const read = fileReader(join(workspaceRoot, root));
  const subgraphs = read(SUBGRAPHS_FILE);
  const manifest = read('package.json');
  if (subgraphs === undefined || manifest === undefined || !hasComposers(manifest))
    return undefined;
  return parseSubgraphs(subgraphs)?.map(({ schema }) => schema);
}

/** Libraries whose contracts are generated in another way keep what they have. */
function isGenerated(file: string, workspaceRoot: string): boolean {
  const manifest = join(workspaceRoot, dirname(file), 'package.json');
  return (
    dirname(file) !== '.' && existsSync(manifest) && hasGenerators(readFileSync(manifest, 'utf8'))
  );
}

function protoNode(file: string, baseBranch: string): CreateNodesResultArray[number] {
  const root = folderOf(file);
  return [file, { projects: { [root]: { targets: protoTargets(root, baseBranch) } } }];
}

function isProject(root: string, workspaceRoot: string): boolean {
  return root !== '.' && PROJECT_FILES.some((file) => existsSync(join(workspaceRoot, root, file)));
}

/** The project of the platform, unless its folder is one already. */
function platformNode(
  files: readonly string[],
  environments: readonly string[],
  wanted: MicroPluginOptions['platformProject'],
  workspaceRoot: string,
): CreateNodesResultArray {
  const root = ENVIRONMENTS_FOLDER;
  const [first] = environments;
  const projectFiles = files.filter((file) => PROJECT_FILES.includes(basename(file)));
  const isTaken = projectFiles.some((file) => folderOf(file) === root);
  if (first === undefined || wanted === false || isTaken) return [];
  const name =
    wanted ??
    platformProjectName(
      projectFiles.map((file) => ({
        folder: basename(folderOf(file)),
        text: readFileSync(join(workspaceRoot, file), 'utf8'),
      })),
    );
  if (name === undefined) return [];
  const targets = platformTargets(environments);
  const project = { name, root, projectType: 'application' as const, targets, release: RELEASE };
  return [[`${root}/${first}.yml`, { projects: { [root]: project } }]];
}

function folderOf(file: string): string {
  return dirname(file).replaceAll('\\', '/');
}

/** Nx knows this package as a dependency only if it is installed: in its own workspace it is a project. */
function bundlers(): string[] {
  const installed = __dirname.replaceAll('\\', '/').includes('/node_modules/@org/micro/');
  return installed ? ['@org/micro', 'esbuild'] : ['esbuild'];
}
