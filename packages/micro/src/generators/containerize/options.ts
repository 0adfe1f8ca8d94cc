import { getProjects, readJson, type ProjectConfiguration, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { dockerfileOf, exposedPort } from '../../dockerfile/dockerfile-edit';
import type { Manifest } from '../../platform/manifest';
import { serviceNameProblem } from '../../platform/name';
import { nextFreePort } from '../../platform/port';
import { pathOf, routePathProblem, type RouteEntry } from '../../platform/route';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { parseDatastores, splitNames, type Datastores } from '../datastore-names';
import {
  noRoutesOf,
  portTaken,
  readRoutes,
  readWorkspaceFacts,
  unknownProvider,
} from '../service/options';
import type { WorkspacePackageManager } from '../workspace-tree';

export interface ContainerizeSchema {
  project: string;
  kind?: Manifest['kind'];
  entry?: string;
  port?: number;
  consumes?: string | string[];
  datastores?: string | string[];
  routes?: string | string[];
  skipInstall?: boolean;
  skipFormat?: boolean;
}

export interface ContainerizeOptions {
  name: string;
  root: string;
  kind: Manifest['kind'];
  entry: string;
  port: number;
  consumes: readonly string[];
  datastores: Datastores;
  routes: readonly RouteEntry[];
  /** Whether it has a manifest already, which then says all of the above. */
  isService: boolean;
  /** Whether `build` is a target of the project's own, which makes no artifact. */
  hasOwnBuild: boolean;
  packageManager: WorkspacePackageManager;
  skipInstall: boolean;
  skipFormat: boolean;
}

/** Files that usually start an app, in the order in which they are looked for. */
const ENTRIES = ['main', 'index', 'server', 'app'].flatMap((name) =>
  ['ts', 'mts', 'js', 'mjs', 'cjs'].map((extension) => `${name}.${extension}`),
);

/** The executor that makes the artifact of an image. */
const BUNDLE_EXECUTOR = '@org/micro:build';

/** @throws with every reason why the app cannot become a service; nothing is written before. */
export function normaliseOptions(tree: Tree, schema: ContainerizeSchema): ContainerizeOptions {
  const { name, project } = findProject(tree, schema.project);
  const { root } = project;
  const facts = readWorkspaceFacts(tree);
  const common = {
    name,
    root,
    hasOwnBuild: hasOwnBuild(tree, project),
    packageManager: facts.packageManager,
    skipInstall: schema.skipInstall ?? false,
    skipFormat: schema.skipFormat ?? false,
  };
  const existing = facts.services.find((service) => service.name === name);
  if (existing) {
    return { ...common, ...existing, entry: existing.build.entry, isService: true };
  }
  const kind = schema.kind ?? 'service';
  const consumes = splitNames(schema.consumes);
  const { datastores, problems: wrongDatastores } = parseDatastores(splitNames(schema.datastores));
  const routes = readRoutes(schema.routes);
  const entry = schema.entry ?? findEntry(tree, root);
  const problems = [
    serviceNameProblem(name),
    root === '.' ? `"${name}" is the workspace itself: name a project in a folder` : undefined,
    entryProblem(tree, root, entry, schema.entry !== undefined),
    portTaken(facts, name, schema.port),
    ...consumes.map((provider) => unknownProvider(facts, name, provider)),
    ...wrongDatastores,
    ...routes.map((route) => routePathProblem(pathOf(route))),
    noRoutesOf(kind, routes),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  const dockerfile = tree.read(dockerfileOf({ root }), 'utf8');
  const exposed = dockerfile === null ? undefined : exposedPort(dockerfile);
  const isFree = exposed !== undefined && portTaken(facts, name, exposed) === undefined;
  const port = schema.port ?? (isFree ? exposed : nextFreePort(new Set(facts.ports.keys())));
  return { ...common, kind, entry: entry!, port, consumes, datastores, routes, isService: false };
}

function findProject(tree: Tree, given: string): { name: string; project: ProjectConfiguration } {
  const projects = getProjects(tree);
  const folder = posix.normalize(given.replaceAll('\\', '/')).replace(/\/$/, '');
  const name = projects.has(given)
    ? given
    : [...projects].find(([, { root }]) => root === folder)?.[0];
  if (name !== undefined) return { name, project: projects.get(name)! };
  const hint = tree.exists(`${folder}/package.json`)
    ? `; ${folder}/package.json is not a package of the workspace: add its folder to "workspaces"`
    : didYouMean(given, [...projects.keys()]);
  throw new UserError(`"${given}" is not a project of this workspace${hint}`);
}

function findEntry(tree: Tree, root: string): string | undefined {
  const usual = ['src', '.'].flatMap((folder) => ENTRIES.map((file) => posix.join(folder, file)));
  const found = usual.find((file) => tree.exists(posix.join(root, file)));
  const packageJson = posix.join(root, 'package.json');
  if (found !== undefined || !tree.exists(packageJson)) return found;
  const { main } = readJson<{ main?: string }>(tree, packageJson);
  const file = main === undefined ? undefined : posix.normalize(main);
  return file !== undefined && tree.isFile(posix.join(root, file)) ? file : undefined;
}

function entryProblem(
  tree: Tree,
  root: string,
  entry: string | undefined,
  isGiven: boolean,
): string | undefined {
  if (entry === undefined) {
    return `No file in ${root} has a usual name of an entry, such as src/main.ts or index.js: name the one that starts the app with --entry`;
  }
  const file = posix.join(root, entry);
  if (!file.startsWith(`${root}/`)) return `--entry=${entry} is not below ${root}`;
  if (tree.isFile(file)) return undefined;
  const found = isGiven ? findEntry(tree, root) : undefined;
  return `There is no ${file}${found === undefined ? '' : `; did you mean --entry=${found}?`}`;
}

/** Nx gives scripts of package.json and targets of project.json precedence over what a plugin infers. */
function hasOwnBuild(tree: Tree, { root, targets }: ProjectConfiguration): boolean {
  const build = targets?.['build'];
  if (build) return build.executor !== BUNDLE_EXECUTOR;
  const packageJson = posix.join(root, 'package.json');
  if (!tree.exists(packageJson)) return false;
  const { scripts, nx } = readJson<{
    scripts?: Record<string, string>;
    nx?: { includedScripts?: string[]; targets?: Record<string, { executor?: string }> };
  }>(tree, packageJson);
  const own = nx?.targets?.['build'];
  if (own) return own.executor !== BUNDLE_EXECUTOR;
  return scripts?.['build'] !== undefined && (nx?.includedScripts?.includes('build') ?? true);
}
