import {
  addDependenciesToPackageJson,
  formatFiles,
  logger,
  readNxJson,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import { ROOT_COMPOSE_FILE } from '../../compose/paths';
import { deriveRootCompose } from '../../compose/root-compose';
import { allowNewLockfile } from '../../effects/package-install';
import { parseAnyEnvironment } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { approveInstallScripts, WORKSPACE_SCRIPTS } from '../install-scripts';
import { editJson } from '../json-text';
import { LINT_VERSIONS, WORKSPACE_VERSIONS } from '../versions';
import { coverFolder } from '../workspace-globs';
import {
  readPackageManager,
  readTreePlatform,
  type WorkspacePackageManager,
  type EnvironmentTexts,
  readTreeEnvironments,
} from '../workspace-tree';
import { chooseCookieByNode } from './cookie';
import { isRegistered, planNxJson } from './nx-json';
import { ESLINT_CONFIG, extendGitignore, hasEslintConfig, planEnvironments } from './root-files';

export interface InitSchema {
  registry?: string;
  /** Without it: if the plugin is not registered yet. So a generator that calls this one approves nothing later. */
  approveScripts?: boolean;
  keepExistingVersions?: boolean;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

interface InitOptions {
  packageManager: WorkspacePackageManager;
  /** The new text of `compose.yaml`. */
  compose: string;
  /** The new text of each environment's file. */
  environments: EnvironmentTexts;
  approveScripts: boolean;
  isFirst: boolean;
  keepExistingVersions: boolean;
  skipInstall: boolean;
  skipFormat: boolean;
}

export async function initGenerator(tree: Tree, schema: InitSchema): Promise<GeneratorCallback> {
  const options = normaliseOptions(tree, schema);
  editJson(tree, 'nx.json', planNxJson(readNxJson(tree) ?? {}));
  coverFolder(tree, options.packageManager, 'apps');
  writeChanged(tree, ROOT_COMPOSE_FILE, options.compose);
  for (const [file, text] of Object.entries(options.environments)) writeChanged(tree, file, text);
  writeChanged(tree, '.gitignore', extendGitignore(tree.read('.gitignore', 'utf8') ?? ''));
  if (options.approveScripts) {
    approveInstallScripts(tree, options.packageManager, WORKSPACE_SCRIPTS);
  }
  if (options.isFirst) chooseCookieByNode(tree, options.packageManager);
  const install = addPackages(tree, options);
  if (!options.skipFormat) await formatFiles(tree);
  return () => {
    if (!options.skipInstall) allowNewLockfile(() => void install());
  };
}

export default initGenerator;

function normaliseOptions(tree: Tree, schema: InitSchema): InitOptions {
  const environments = planEnvironments(readTreeEnvironments(tree), schema.registry);
  const development = environmentFile('development');
  const { registry } = parseAnyEnvironment('development', environments[development]!);
  if (schema.registry !== undefined && registry !== schema.registry) {
    logger.warn(
      `${development} names the registry ${registry}; it was kept. Edit the file to use ${schema.registry}.`,
    );
  }
  const isFirst = !isRegistered(readNxJson(tree) ?? {});
  return {
    packageManager: readPackageManager(tree),
    compose: deriveRootCompose(
      readTreePlatform(tree),
      tree.read(ROOT_COMPOSE_FILE, 'utf8') ?? undefined,
      (path) => tree.exists(path),
    ).text,
    environments,
    approveScripts: schema.approveScripts ?? isFirst,
    isFirst,
    keepExistingVersions: schema.keepExistingVersions ?? true,
    skipInstall: schema.skipInstall ?? false,
    skipFormat: schema.skipFormat ?? false,
  };
}

function addPackages(tree: Tree, { keepExistingVersions }: InitOptions): GeneratorCallback {
  const createsLint = !hasEslintConfig(tree);
  if (createsLint) tree.write('eslint.config.mjs', ESLINT_CONFIG);
  return addDependenciesToPackageJson(
    tree,
    {},
    { ...WORKSPACE_VERSIONS, ...(createsLint ? LINT_VERSIONS : {}) },
    undefined,
    keepExistingVersions,
  );
}

function writeChanged(tree: Tree, file: string, text: string): void {
  if (tree.read(file, 'utf8') !== text) tree.write(file, text);
}
