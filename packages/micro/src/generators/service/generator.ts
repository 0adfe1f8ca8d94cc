import {
  formatFiles,
  generateFiles,
  logger,
  names,
  OverwriteStrategy,
  offsetFromRoot,
  readNxJson,
  writeJson,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import { join } from 'node:path';
import { readConditions } from '../../effects/source-conditions';
import { composeOnDisk } from '../../effects/compose-on-disk';
import { COMPOSE_TARGET } from '../../inference/compose-target';
import { GENERATE_TARGET } from '../../inference/proto-project';
import { installPackages } from '../../effects/package-install';
import { generateClient, passesCallsOn } from '../connect/client';
import { hasGrpcClient } from '../connect/grpc-client';
import { initGenerator } from '../init/generator';
import { packageScripts, scriptTargets, type ScriptTarget } from '../init/nx-json';
import { joinWorkspace } from '../join-workspace';
import { ownTools } from '../plug-and-play';
import { syncWorkspace } from '../sync/sync-workspace';
import {
  API_DOCS_VERSIONS,
  AUTH_VERSIONS,
  COMPOSITION_VERSIONS,
  BROKER_VERSIONS,
  CORS_VERSIONS,
  EXPRESS_TYPE_VERSIONS,
  EXPRESS_VERSIONS,
  GATEWAY_VERSIONS,
  GRAPHQL_GATEWAY_VERSIONS,
  OPENAPI_VERSIONS,
  QUERY_PAGE_VERSIONS,
  RATE_LIMIT_VERSIONS,
  GRPC_VERSIONS,
  SERVICE_VERSIONS,
  SUBGRAPH_VERSIONS,
  TRACING_VERSIONS,
  datastorePackages,
} from '../versions';
import { protoLibraryRoot, protoNames, protoProject } from '../../platform/proto-library';
import { generateProtoCode } from '../../effects/proto-code';
import {
  generateProtoLibrary,
  protoDependency,
  protoPackage,
  referToProtoLibrary,
} from './proto-library';
import { migrationEngine } from '../../platform/datastore';
import { readTreePlatform } from '../workspace-tree';
import { splitNames } from '../datastore-names';
import { nameIssuer } from './issuer';
import { formatRoute, pathOf } from '../../platform/route';
import {
  normalizeServiceOptions,
  readRoutes,
  type ServiceOptions,
  type ServiceRequest,
  type ServiceSchema,
} from './options';

export function serviceGenerator(tree: Tree, schema: ServiceSchema): Promise<GeneratorCallback> {
  return createService(tree, schema);
}

export default serviceGenerator;

/** What `service`, `gateway` and `worker` do. */
export async function createService(
  tree: Tree,
  schema: ServiceRequest,
): Promise<GeneratorCallback> {
  const options = normalizeServiceOptions(tree, schema);
  sayWhatIsKept(options, schema);
  await initGenerator(tree, { skipFormat: true, skipInstall: true });
  generateServices(tree, [options]);
  syncWorkspace(tree);
  if (options.auth === 'jwt') nameIssuer(tree, options);
  if (!options.skipFormat) await formatFiles(tree);
  return () => {
    if (options.skipInstall) return;
    installPackages(tree, true);
    generateFromPackages(tree, [options]);
  };
}

/** What installed packages make of services: code of gRPC contracts, schemas of gateways. If one cannot, a warning says so. */
export function generateFromPackages(tree: Tree, services: readonly ServiceOptions[]): void {
  for (const { name, grpcPort } of services) {
    if (grpcPort === undefined) continue;
    const reason = generateProtoCode(tree.root, protoLibraryRoot(name));
    if (reason !== undefined) logger.warn(howToGenerate(name, reason));
  }
  for (const { name, root, kind, graphql } of services) {
    if (!graphql || kind !== 'gateway') continue;
    const reason = composeOnDisk(tree.root, root);
    if (reason !== undefined) logger.warn(howToCompose(name, reason));
  }
}

/** All of services that is not derived: their files, and their places in the workspace. */
export function generateServices(tree: Tree, services: readonly ServiceOptions[]): void {
  const known = [...readTreePlatform(tree).services, ...services];
  const providers = new Map(known.map((provider) => [provider.name, provider]));
  const projects = services.map((options) => {
    const isNew = generateProject(tree, options);
    if (options.grpcPort !== undefined) {
      generateProtoLibrary(tree, { ...options, service: options.name });
      referToProtoLibrary(tree, options.root, options.name);
    }
    for (const name of calledOverHttp(tree, options)) {
      generateClient(tree, options.root, providers.get(name)!);
    }
    return { ...options, isNew };
  });
  joinWorkspace(tree, projects);
}

/** Who needs a client for HTTP: none of a gateway, and no link that is called over gRPC. */
function calledOverHttp(tree: Tree, { root, consumes }: ServiceOptions): readonly string[] {
  if (passesCallsOn(tree, root)) return [];
  return consumes.filter((provider) => !hasGrpcClient(tree, root, provider));
}

/** @returns whether it is a new package. */
function generateProject(tree: Tree, options: ServiceOptions): boolean {
  const values = {
    ...options,
    protoService: protoNames(options.name).serviceName,
    protoPackage: protoPackage(options.packageScope, options.name),
    protoRoot: protoLibraryRoot(options.name),
    offset: offsetFromRoot(options.root),
    base: tree.exists('tsconfig.base.json'),
    conditions: readConditions((name) => tree.read(name, 'utf8') ?? undefined),
    targets: scriptTargets(readNxJson(tree) ?? {}),
    example: exampleOf(options),
    prefix: options.routes.map(pathOf)[0] ?? '',
    routeTexts: options.routes.map(formatRoute),
    hasCache: options.datastores.cache !== undefined,
    typeName: names(options.name).className,
    fieldName: names(options.name).propertyName,
    managerVersion: options.packageManager.kind === 'npm' ? '' : options.packageManager.version,
  };
  const folders = [
    'service',
    options.kind === 'gateway' ? 'gateway' : options.framework,
    options.packageManager.kind,
    // The page that uses it is there already: a person may have replaced it.
    ...(tree.exists(`${options.root}/src/app.ts`) ? [] : exampleFolders(options)),
    ...(options.grpcPort === undefined ? [] : ['grpc']),
    ...graphqlFolders(options),
  ];
  for (const folder of folders) {
    generateFiles(tree, join(__dirname, 'files', folder), options.root, values, {
      overwriteStrategy: OverwriteStrategy.KeepExisting,
    });
  }
  const packageJson = `${options.root}/package.json`;
  if (tree.exists(packageJson)) return false;
  writeJson(tree, packageJson, servicePackageJson(tree, options, values.targets));
  return true;
}

/** The example route: `items` if there is an SQL database to store them in. */
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

function servicePackageJson(
  tree: Tree,
  options: ServiceOptions,
  targets: readonly ScriptTarget[],
): object {
  const { name, packageName, datastores, broker, framework, auth, tracing } = options;
  return {
    name: packageName,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: packageScripts(targets),
    dependencies: sorted({
      ...SERVICE_VERSIONS,
      ...(framework === 'express' ? EXPRESS_VERSIONS : {}),
      ...(auth === 'jwt' ? AUTH_VERSIONS : {}),
      ...(tracing ? TRACING_VERSIONS : {}),
      ...(broker ? BROKER_VERSIONS[broker] : {}),
      ...edgeVersions(options),
      ...grpcPackages(options),
      ...graphqlPackages(options).dependencies,
      ...datastorePackages(datastores).dependencies,
    }),
    ...devDependencies({
      ...ownTools(tree, ['@types/node', 'pino-pretty', 'vitest']),
      ...(framework === 'express' ? EXPRESS_TYPE_VERSIONS : {}),
      ...graphqlPackages(options).devDependencies,
      ...datastorePackages(datastores).devDependencies,
    }),
    nx: { name, ...composedBeforeTests(options, targets) },
  };
}

function howToCompose(name: string, reason: string): string {
  return `The GraphQL schema was not composed: ${reason}\nRun "nx ${COMPOSE_TARGET} ${name}".`;
}

function howToGenerate(name: string, reason: string): string {
  return `The code of the contract was not generated: ${reason}\nRun "nx proto-generate ${protoProject(name)}".`;
}

function grpcPackages({
  name,
  grpcPort,
  packageScope,
  packageManager,
}: ServiceOptions): Record<string, string> {
  return grpcPort === undefined
    ? {}
    : { ...GRPC_VERSIONS, ...protoDependency(packageScope, name, packageManager) };
}

function graphqlFolders({ graphql, kind }: ServiceOptions): string[] {
  if (!graphql) return [];
  return kind === 'gateway' ? ['graphql', 'graphql-gateway'] : ['graphql', 'subgraph'];
}

function graphqlPackages({ graphql, kind }: ServiceOptions): {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
} {
  if (!graphql) return {};
  return kind === 'gateway'
    ? {
        dependencies: GRAPHQL_GATEWAY_VERSIONS,
        devDependencies: { ...COMPOSITION_VERSIONS, ...QUERY_PAGE_VERSIONS },
      }
    : { dependencies: SUBGRAPH_VERSIONS, devDependencies: QUERY_PAGE_VERSIONS };
}

/** Tests read what is composed. */
function composedBeforeTests(
  { graphql, kind }: ServiceOptions,
  targets: readonly ScriptTarget[],
): object {
  return graphql && kind === 'gateway' && targets.includes('test')
    ? { targets: { test: { dependsOn: [COMPOSE_TARGET, `^${GENERATE_TARGET}`] } } }
    : {};
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

function sayWhatIsKept(options: ServiceOptions, schema: ServiceRequest): void {
  const { name, root, port, consumes, lambda } = options;
  const differs =
    (schema.port !== undefined && schema.port !== port) ||
    (schema.lambda === true && !lambda) ||
    splitNames(schema.consumes).some((provider) => !consumes.includes(provider)) ||
    readRoutes(schema.routes).some((route) => !options.routes.map(pathOf).includes(pathOf(route)));
  if (differs) {
    logger.warn(
      `${root}/service.yml was kept as it is: edit it, or use connect, to change ${name}.`,
    );
  }
}
