import { getProjects, readJson, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { MANIFEST_FILE, type Manifest } from '../../platform/manifest';
import { serviceNameProblem } from '../../platform/name';
import type { Platform } from '../../platform/platform';
import { nextFreePort } from '../../platform/port';
import { routePathProblem, toRoute } from '../../platform/route';
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
  /** Path prefixes under which gateways serve it. */
  routes?: string | string[];
  auth?: 'none' | 'jwt';
  openapi?: boolean;
  /** Of a gateway: origins whose pages may call it. */
  cors?: string | string[];
  /** Of a gateway: whether callers are limited. */
  rateLimit?: boolean;
  framework?: 'fastify' | 'express';
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
  /** Path prefixes; where there are any, it is exposed. */
  routes: readonly string[];
  auth: 'none' | 'jwt';
  openapi: boolean;
  /** Empty where no other origin is let in. */
  cors: readonly string[];
  rateLimit: boolean;
  framework: 'fastify' | 'express';
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
  const routes = splitNames(schema.routes);
  const kind = existing?.kind ?? schema.kind ?? 'service';
  const problems = [
    serviceNameProblem(name),
    ...(existing?.name === name
      ? []
      : [nameTaken(tree, name, root), folderTaken(tree, root), portTaken(platform, schema.port)]),
    ...consumes.map((provider) => unknownProvider(platform, name, provider)),
    ...wrongDatastores,
    ...routes.map(routePathProblem),
    noRoutesOf(kind, routes),
    notInExpress(kind, schema),
    ...(kind === 'gateway' ? collidingRoutes(platform, existing?.consumes ?? consumes) : []),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return {
    name,
    root,
    packageName: `@${packageScope(tree, platform.name)}/${name}`,
    kind,
    port:
      existing?.port ??
      schema.port ??
      nextFreePort(new Set(platform.services.map(({ port }) => port))),
    consumes: existing?.consumes ?? consumes,
    datastores: existing?.datastores ?? datastores,
    routes: existing?.routes.map((entry) => toRoute(entry).path) ?? routes,
    auth: schema.auth ?? 'none',
    openapi: schema.openapi ?? false,
    cors: splitNames(schema.cors),
    rateLimit: schema.rateLimit ?? false,
    framework: schema.framework ?? 'fastify',
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

function noRoutesOf(kind: Manifest['kind'], routes: readonly string[]): string | undefined {
  if (routes.length === 0 || kind === 'service') return undefined;
  return kind === 'worker'
    ? 'A worker takes no calls: leave out --routes'
    : 'A gateway serves the routes of the services that it consumes: give --routes to those';
}

function notInExpress(
  kind: Manifest['kind'],
  { framework, openapi }: ServiceSchema,
): string | undefined {
  if (framework !== 'express') return undefined;
  if (kind === 'gateway') {
    return 'A gateway has no routes to write in Express: leave out --framework=express';
  }
  return openapi
    ? 'Routes are described from what Fastify knows of them: leave out --openapi or --framework=express'
    : undefined;
}

/** What the manifests will say once the gateway is there, said before anything is written. */
function collidingRoutes({ services }: Platform, consumes: readonly string[]): string[] {
  const owners = new Map<string, string>();
  return services
    .filter(({ name }) => consumes.includes(name))
    .flatMap(({ name, routes }) =>
      routes.flatMap((entry) => {
        const { path } = toRoute(entry);
        const owner = owners.get(path);
        owners.set(path, name);
        return owner === undefined || owner === name
          ? []
          : [
              `"${owner}" and "${name}" both have the route ${path}: change one in its ${MANIFEST_FILE}`,
            ];
      }),
    );
}

/**
 * The scope of the root package, else the platform's name. There is always one: an unscoped package
 * called `redis` would hide the npm package of that name from the whole workspace.
 */
function packageScope(tree: Tree, platform: string): string {
  const { name = '' } = readJson<{ name?: string }>(tree, 'package.json');
  return name.startsWith('@') ? name.slice(1, name.indexOf('/')) : platform;
}
