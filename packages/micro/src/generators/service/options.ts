import { getProjects, readJson, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { MANIFEST_FILE, type Manifest } from '../../platform/manifest';
import { serviceNameProblem } from '../../platform/name';
import type { Platform } from '../../platform/platform';
import { nextFreePort } from '../../platform/port';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { parseDatastores, splitNames, type Datastores } from '../datastore-names';
import {
  readPackageManager,
  readTreePlatform,
  type WorkspacePackageManager,
} from '../workspace-tree';

export interface ServiceSchema {
  name: string;
  directory?: string;
  kind?: Manifest['kind'];
  port?: number;
  consumes?: string | string[];
  datastores?: string | string[];
  auth?: 'none' | 'jwt' | 'service-keys';
  framework?: 'fastify' | 'express';
  tracing?: boolean;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

export interface ServiceOptions {
  name: string;
  /** Project root relative to the workspace root. */
  root: string;
  packageName: string;
  kind: Manifest['kind'];
  port: number;
  consumes: readonly string[];
  datastores: Datastores;
  auth: 'none' | 'jwt' | 'service-keys';
  framework: 'fastify' | 'express';
  tracing: boolean;
  packageManager: WorkspacePackageManager;
  skipInstall: boolean;
  skipFormat: boolean;
}

/** @throws with every reason why the service cannot be made; nothing is written before. */
export function normalizeServiceOptions(tree: Tree, schema: ServiceSchema): ServiceOptions {
  const { name, root } = locate(schema);
  const platform = readTreePlatform(tree);
  const existing = platform.services.find((service) => service.root === root);
  const consumes = splitNames(schema.consumes);
  const { datastores, problems: wrongDatastores } = parseDatastores(splitNames(schema.datastores));
  const problems = [
    serviceNameProblem(name),
    ...(existing?.name === name
      ? []
      : [nameTaken(tree, name, root), folderTaken(tree, root), portTaken(platform, schema.port)]),
    ...consumes.map((provider) => unknownProvider(platform, name, provider)),
    ...wrongDatastores,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return {
    name,
    root,
    packageName: `@${packageScope(tree, platform.name)}/${name}`,
    kind: existing?.kind ?? schema.kind ?? 'service',
    port:
      existing?.port ??
      schema.port ??
      nextFreePort(new Set(platform.services.map(({ port }) => port))),
    consumes: existing?.consumes ?? consumes,
    datastores: existing?.datastores ?? datastores,
    auth: existing?.auth ?? schema.auth ?? 'none',
    framework: schema.framework ?? 'fastify',
    tracing: schema.tracing ?? false,
    packageManager: readPackageManager(tree),
    skipInstall: schema.skipInstall ?? false,
    skipFormat: schema.skipFormat ?? false,
  };
}

/** `orders` -> apps/orders; `apps/shop/orders` says both. */
function locate({ name, directory }: ServiceSchema): { name: string; root: string } {
  const given = posix.normalize(name.replaceAll('\\', '/')).replace(/\/$/, '');
  const isPath = given.includes('/');
  if (isPath && directory !== undefined) {
    throw new UserError(
      `"${name}" is a folder already: leave out --directory, or give a plain name`,
    );
  }
  const base = posix.basename(given);
  const wanted = directory ?? (isPath ? given : `apps/${base}`);
  const root = posix.normalize(wanted.replaceAll('\\', '/')).replace(/^\.\/|\/$/g, '');
  if (root === '.' || root.startsWith('..') || root.startsWith('/')) {
    throw new UserError(`"${wanted}" is not a folder below the workspace root`);
  }
  return { name: base, root };
}

function nameTaken(tree: Tree, name: string, root: string): string | undefined {
  const project = getProjects(tree).get(name);
  if (!project) return undefined;
  return project.root === root
    ? `There is a project "${name}" in ${root} that is not a service, as it has no ${MANIFEST_FILE}: choose another name`
    : `There is already a project "${name}" in ${project.root}: choose another name`;
}

function folderTaken(tree: Tree, root: string): string | undefined {
  const [other] = [...getProjects(tree)].find(([, project]) => project.root === root) ?? [];
  if (other !== undefined)
    return `${root} is already the project "${other}": choose another folder`;
  return tree.children(root).length > 0
    ? `${root} already exists and is not empty: choose another folder`
    : undefined;
}

function portTaken({ services }: Platform, port: number | undefined): string | undefined {
  if (port === undefined) return undefined;
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    return `${port} is not a port between 1024 and 65535`;
  }
  const owner = services.find((service) => service.port === port);
  if (!owner) return undefined;
  const free = nextFreePort(new Set(services.map((service) => service.port)));
  return `Port ${port} is already used by "${owner.name}"; the next free one is ${free}`;
}

function unknownProvider(
  { services }: Platform,
  consumer: string,
  provider: string,
): string | undefined {
  if (provider === consumer) return `"${consumer}" cannot consume itself`;
  const names = services.map(({ name }) => name).filter((name) => name !== consumer);
  return names.includes(provider)
    ? undefined
    : `"${provider}" is not a service of this platform${didYouMean(provider, names)}`;
}

/**
 * The scope of the root package, else the platform's name. There is always one: an unscoped package
 * called `redis` would hide the npm package of that name from the whole workspace.
 */
function packageScope(tree: Tree, platform: string): string {
  const { name = '' } = readJson<{ name?: string }>(tree, 'package.json');
  return name.startsWith('@') ? name.slice(1, name.indexOf('/')) : platform;
}
