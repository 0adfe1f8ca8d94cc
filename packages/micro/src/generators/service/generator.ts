import {
  formatFiles,
  generateFiles,
  getProjects,
  installPackagesTask,
  logger,
  OverwriteStrategy,
  offsetFromRoot,
  readJson,
  readNxJson,
  writeJson,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import { join, posix } from 'node:path';
import { UserError } from '../../platform/user-error';
import { generateClient } from '../connect/client';
import { initGenerator } from '../init/generator';
import { scriptTargets, type ScriptTarget } from '../init/nx-json';
import { editJson } from '../json-text';
import { syncWorkspace } from '../sync/sync-workspace';
import {
  API_DOCS_VERSIONS,
  AUTH_VERSIONS,
  CORS_VERSIONS,
  EXPRESS_TYPE_VERSIONS,
  EXPRESS_VERSIONS,
  GATEWAY_VERSIONS,
  OPENAPI_VERSIONS,
  RATE_LIMIT_VERSIONS,
  SERVICE_VERSIONS,
  datastorePackages,
} from '../versions';
import { migrationEngine } from '../../platform/datastore';
import { splitNames } from '../datastore-names';
import { coverFolder } from '../workspace-globs';
import { nameIssuer } from './issuer';
import { normalizeServiceOptions, type ServiceOptions, type ServiceSchema } from './options';

export async function serviceGenerator(
  tree: Tree,
  schema: ServiceSchema,
): Promise<GeneratorCallback> {
  const options = normalizeServiceOptions(tree, schema);
  sayWhatIsKept(options, schema);
  await initGenerator(tree, { skipFormat: true, skipInstall: true });
  generateProject(tree, options);
  joinWorkspace(tree, options);
  for (const provider of options.consumes) generateClient(tree, options.root, provider);
  syncWorkspace(tree);
  if (options.auth === 'jwt') nameIssuer(tree, options);
  if (!options.skipFormat) await formatFiles(tree);
  return () => {
    if (!options.skipInstall) installPackagesTask(tree, true);
  };
}

export default serviceGenerator;

function generateProject(tree: Tree, options: ServiceOptions): void {
  const values = {
    ...options,
    offset: offsetFromRoot(options.root),
    base: tree.exists('tsconfig.base.json'),
    targets: scriptTargets(readNxJson(tree) ?? {}),
    example: exampleOf(options),
    prefix: options.routes[0] ?? '',
    hasCache: options.datastores.cache !== undefined,
    pnpmVersion: options.packageManager.kind === 'pnpm' ? options.packageManager.version : '',
  };
  const folders = [
    'service',
    options.kind === 'gateway' ? 'gateway' : options.framework,
    options.packageManager.kind,
    ...exampleFolders(options),
  ];
  for (const folder of folders) {
    generateFiles(tree, join(__dirname, 'files', folder), options.root, values, {
      overwriteStrategy: OverwriteStrategy.KeepExisting,
    });
  }
  const packageJson = `${options.root}/package.json`;
  if (!tree.exists(packageJson)) {
    writeJson(tree, packageJson, servicePackageJson(options, values.targets));
  }
}

/** The example route: items that it keeps, where it has an SQL database to keep them in. */
function exampleOf({ kind, datastores }: ServiceOptions): 'none' | 'hello' | 'items' {
  if (kind !== 'service') return 'none';
  return migrationEngine(datastores) ? 'items' : 'hello';
}

function exampleFolders(options: ServiceOptions): string[] {
  const example = exampleOf(options);
  if (example === 'none') return [];
  const routes = `${example}-${options.openapi ? 'openapi' : options.framework}`;
  return example === 'hello' ? [routes] : [routes, `items-${migrationEngine(options.datastores)!}`];
}

const SCRIPTS: Record<ScriptTarget, string> = {
  lint: 'eslint .',
  test: 'vitest run',
  typecheck: 'tsc --build',
};

function servicePackageJson(options: ServiceOptions, targets: readonly ScriptTarget[]): object {
  const { name, packageName, datastores, framework, auth } = options;
  return {
    name: packageName,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: Object.fromEntries(targets.map((target) => [target, SCRIPTS[target]])),
    dependencies: sorted({
      ...SERVICE_VERSIONS,
      ...(framework === 'express' ? EXPRESS_VERSIONS : {}),
      ...(auth === 'jwt' ? AUTH_VERSIONS : {}),
      ...edgeVersions(options),
      ...datastorePackages(datastores).dependencies,
    }),
    ...devDependencies({
      ...(framework === 'express' ? EXPRESS_TYPE_VERSIONS : {}),
      ...datastorePackages(datastores).devDependencies,
    }),
    nx: { name },
  };
}

/** What a gateway, or the description of routes, needs. */
function edgeVersions({ kind, openapi, cors, rateLimit }: ServiceOptions): Record<string, string> {
  if (kind !== 'gateway') return openapi ? OPENAPI_VERSIONS : {};
  return {
    ...GATEWAY_VERSIONS,
    ...(openapi ? API_DOCS_VERSIONS : {}),
    ...(cors.length > 0 ? CORS_VERSIONS : {}),
    ...(rateLimit ? RATE_LIMIT_VERSIONS : {}),
  };
}

function devDependencies(versions: Record<string, string>): object {
  return Object.keys(versions).length === 0 ? {} : { devDependencies: sorted(versions) };
}

function sorted(versions: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Makes the package known to the package manager and, where there are any, to project references. */
function joinWorkspace(tree: Tree, { name, root, packageManager }: ServiceOptions): void {
  if (!getProjects(tree).has(name)) coverFolder(tree, packageManager, posix.dirname(root));
  if (!getProjects(tree).has(name)) {
    throw new UserError(
      `${root} is not a package of this workspace: a negated glob in its "workspaces" leaves it out`,
    );
  }
  if (!tree.exists('tsconfig.json')) return;
  const { references } = readJson<{ references?: { path: string }[] }>(tree, 'tsconfig.json');
  if (!references) return;
  const isListed = references.some(({ path }) => posix.normalize(path) === root);
  editJson(tree, 'tsconfig.json', [
    {
      path: ['references'],
      from: references,
      to: isListed ? references : [...references, { path: `./${root}` }],
    },
  ]);
}

function sayWhatIsKept(options: ServiceOptions, schema: ServiceSchema): void {
  const { name, root, port, consumes, routes } = options;
  const differs =
    (schema.port !== undefined && schema.port !== port) ||
    splitNames(schema.consumes).some((provider) => !consumes.includes(provider)) ||
    splitNames(schema.routes).some((path) => !routes.includes(path));
  if (differs) {
    logger.warn(
      `${root}/service.yml was kept as it is: edit it, or use connect, to change ${name}.`,
    );
  }
}
