import type { Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { localUrls } from '../../compose/datastore';
import { deriveDevelopmentCompose } from '../../compose/development-compose';
import { deriveScrapeConfig, NOT_OBSERVED, observedBy } from '../../compose/observability';
import {
  DEVELOPMENT_COMPOSE_FILE,
  OBSERVABILITY_COMPOSE_FILE,
  ROOT_COMPOSE_FILE,
  SCRAPE_CONFIG_FILE,
  serviceComposeFile,
} from '../../compose/paths';
import { brokerImage, deriveRootCompose } from '../../compose/root-compose';
import { deriveServiceCompose } from '../../compose/service-compose';
import {
  deriveResourcesModule,
  resourcesModuleFile,
  type ResourcesFacts,
} from '../../discovery/resources-module';
import { callersModuleFile, deriveCallersModule } from '../../discovery/callers-module';
import { deriveLambdaModule, lambdaModuleFile } from '../../discovery/lambda-module';
import { deriveLinksModule } from '../../discovery/links-module';
import {
  deriveProviderRoutesModule,
  providerRoutesModuleFile,
} from '../../discovery/provider-routes-module';
import {
  deriveSubscriptionsModule,
  subscriptionsModuleFile,
} from '../../discovery/subscriptions-module';
import {
  deriveSubgraphsFile,
  deriveSubgraphsModule,
  subgraphsModuleFile,
} from '../../discovery/subgraphs-module';
import { orderByOf } from '../../discovery/contract-order';
import { importsBeside } from '../../discovery/same-code';
import { deriveServeEnv } from '../../discovery/serve-env';
import { derivePort, dockerfileOf } from '../../dockerfile/dockerfile-edit';
import {
  allowedPaths,
  deriveDockerignore,
  type DockerignoreFacts,
} from '../../dockerfile/dockerignore';
import { readWorkspaceContext } from '../../dockerfile/workspace-context';
import {
  contractFile,
  CONTRACTS_ROOT,
  readContractsPackage,
} from '../../platform/contracts-library';
import { MIGRATIONS_FOLDER } from '../../platform/datastore';
import type { DerivedFile } from '../../platform/derived-file';
import { parseAnyEnvironment } from '../../platform/environment';
import { keepsEventTables, subscribersOf, usesContracts } from '../../platform/event';
import { allOrProblems } from '../../platform/problem';
import { serviceNamed, type Platform, type Service } from '../../platform/platform';
import { SUBGRAPHS_FILE } from '../../platform/subgraphs-file';
import { callersOf, keyedProviders } from '../../platform/service-key';
import { readManifestFiles, readPlatform, type ReadFile } from '../../platform/workspace';
import { deriveTopologyDocument, TOPOLOGY_FILE } from '../../topology/document';
import { topologyOf } from '../../topology/graph';
import { renderMermaid } from '../../topology/mermaid';
import { projectLocations, readTreeEnvironments } from '../workspace-tree';
import { isServiceChecked, oncePer } from './service-checks';
import { derivePipelines } from './sync-pipelines';

/** The roots of a service's libraries; `undefined` if they are unknown. */
export type LibrariesOf = (service: Service, platform: Platform) => readonly string[] | undefined;

export interface SyncOptions {
  /**
   * Without it, as in a generator that has no project graph yet, a Dockerfile.dockerignore keeps the libraries that it
   * allows, and allows the contracts if the manifest needs them.
   */
  librariesOf?: LibrariesOf;
}

/**
 * Updates every derived file in the tree from the manifests, and writes only files that differ.
 *
 * @returns what was written, each with what had drifted; empty if all files were up to date.
 * @throws {PlatformError} with every problem of every file; then nothing is written.
 */
export function syncWorkspace(tree: Tree, { librariesOf }: SyncOptions = {}): DerivedFile[] {
  const read: ReadFile = (path) => tree.read(path, 'utf8') ?? undefined;
  const platform = readChecked(tree, read);
  const drifted = deriveAll(
    platform,
    tree,
    read,
    withContracts(tree, librariesOf ?? ((service) => allowedLibraries(tree, service))),
  ).filter(({ drift }) => drift.length > 0);
  for (const { path, text } of drifted) tree.write(path, text);
  return drifted;
}

/**
 * The platform of the tree.
 *
 * @throws {PlatformError} with every problem of its manifests and environments. An environment that names a service
 * which does not exist is a problem, because its settings would have no effect.
 */
function readChecked(tree: Tree, read: ReadFile): Platform {
  const projects = projectLocations(tree);
  const names = readManifestFiles(projects, read).map(({ name }) => name);
  const environments = Object.entries(readTreeEnvironments(tree)).map(([file, text]) => () => {
    parseAnyEnvironment(posix.basename(file, '.yml'), text, names);
    return [];
  });
  return allOrProblems([() => [readPlatform(projects, read)], ...environments])[0]!;
}

/** Adds the library of contracts for each service that has events: its derived modules import it. */
function withContracts(tree: Tree, librariesOf: LibrariesOf): LibrariesOf {
  return (service, platform) => {
    const libraries = librariesOf(service, platform);
    return usesContracts(service) && tree.exists(CONTRACTS_ROOT)
      ? [...new Set([...(libraries ?? []), CONTRACTS_ROOT])]
      : libraries;
  };
}

/** The libraries that the last run with a project graph found. */
function allowedLibraries(tree: Tree, service: Service): string[] | undefined {
  const ignore = tree.read(`${dockerfileOf(service)}.dockerignore`, 'utf8');
  if (ignore === null) return undefined;
  return allowedPaths(ignore).filter(
    (path) => path !== service.root && tree.exists(path) && !tree.isFile(path),
  );
}

function deriveAll(
  platform: Platform,
  tree: Tree,
  read: ReadFile,
  librariesOf: LibrariesOf,
): DerivedFile[] {
  const context = readWorkspaceContext(read);
  const contractsPackage = readContractsPackage(platform.name, read);
  const exists = (path: string) => tree.exists(path);
  // Where the file with the ports cannot be read, that is a problem, and nothing is written.
  let ports: ReadonlyMap<string, number> = new Map();
  const deriveDevelopment = () => {
    const development = deriveDevelopmentCompose(platform, read(DEVELOPMENT_COMPOSE_FILE), {
      librariesOf: (service) => librariesOf(service, platform),
      exists,
    });
    ports = development.ports;
    return [development.file];
  };
  const drawing = () => renderMermaid(topologyOf(platform));
  const isDerived = (path: string) => platform.services.length > 0 || read(path) !== undefined;
  const isObserved = exists(OBSERVABILITY_COMPOSE_FILE);
  const observed = ({ root }: Service) =>
    isObserved ? observedBy(read(posix.join(root, 'package.json'))) : NOT_OBSERVED;
  const deriveScrapes = () => {
    const isMeasured = (service: Service) => observed(service).metrics;
    return [deriveScrapeConfig(platform, isMeasured, read(SCRAPE_CONFIG_FILE))];
  };
  // The tree does not change while files are derived, so what many services ask is read once.
  const isChecked = oncePer((service: Service) => isServiceChecked(service, read));
  const isOrdered = oncePer(
    (event: string) => orderByOf(event, read(contractFile(event)) ?? '') !== undefined,
  );
  const brokerImageIn = oncePer((file: string) => brokerImage(read(file)));
  return allOrProblems<DerivedFile>([
    ...(isDerived(ROOT_COMPOSE_FILE)
      ? [() => [deriveRootCompose(platform, read(ROOT_COMPOSE_FILE), exists)]]
      : []),
    ...(isDerived(DEVELOPMENT_COMPOSE_FILE) ? [deriveDevelopment] : []),
    ...(isObserved ? [deriveScrapes] : []),
    ...platform.services.flatMap((service) => {
      const compose = read(serviceComposeFile(service));
      const facts = {
        hasMigrations: hasMigrations(tree, service),
        contractsPackage,
        subscribersOf: (event: string) => subscribersOf(platform, event),
      };
      const migrates =
        facts.hasMigrations || (isOnChassis(service, read) && keepsEventTables(service));
      return [
        () => [
          deriveServiceCompose(
            platform,
            service,
            compose,
            migrates,
            observed(service),
            brokerImageIn(ROOT_COMPOSE_FILE),
            isChecked,
            isOrdered,
          ),
        ],
        () => deriveDiscovery(platform, service, localUrls(service, ports), read),
        () => deriveResources(service, facts, read),
        () => deriveProviderRoutes(platform, service, read),
        () => deriveSubgraphs(platform, service, read),
        () => deriveBuild(service, read, context, librariesOf(service, platform)),
      ];
    }),
    () => [deriveTopologyDocument(drawing(), read(TOPOLOGY_FILE)) ?? []].flat(),
    () => derivePipelines(tree, read),
  ]);
}

function deriveDiscovery(
  platform: Platform,
  service: Service,
  backingUrls: Readonly<Record<string, string>>,
  read: ReadFile,
): DerivedFile[] {
  const at = (path: string) => posix.join(service.root, path);
  const env = deriveServeEnv(platform, service, backingUrls, read(at('.serve.env')));
  // Only a service made by our generator has a configuration that reads the module.
  const config = read(at('src/config.ts'));
  if (config === undefined) return [env];
  const hasCallers = importsBeside(config, 'callers');
  const links = read(at('src/links.ts'));
  const providers = service.consumes.map((name) => serviceNamed(platform, name));
  const callers = callersOf(platform, service).map(({ name }) => name);
  return [
    env,
    deriveLinksModule(service, providers, links, keyedProviders(platform, service)),
    ...(hasCallers
      ? [deriveCallersModule(service, callers, read(callersModuleFile(service)))]
      : []),
  ];
}

/** Whether a service has code that uses the modules of resources and subscriptions. */
function isOnChassis({ root }: Service, read: ReadFile): boolean {
  const config = read(posix.join(root, 'src/config.ts')) ?? '';
  return importsBeside(config, 'resources');
}

function deriveResources(service: Service, facts: ResourcesFacts, read: ReadFile): DerivedFile[] {
  if (!isOnChassis(service, read)) return [];
  return [
    deriveResourcesModule(service, facts, read(resourcesModuleFile(service))),
    ...(service.broker === undefined
      ? []
      : [deriveSubscriptionsModule(service, read(subscriptionsModuleFile(service)))]),
    ...(service.lambda ? [deriveLambdaModule(service, read(lambdaModuleFile(service)))] : []),
  ];
}

/** Only a gateway whose code uses the module has it: one may serve routes of its own instead. */
function deriveProviderRoutes(platform: Platform, service: Service, read: ReadFile): DerivedFile[] {
  const current = read(providerRoutesModuleFile(service));
  const app = read(posix.join(service.root, 'src/app.ts'));
  const isUsed = importsBeside(app ?? '', 'provider-routes');
  if (current === undefined && !isUsed) return [];
  return [deriveProviderRoutesModule(platform, service, current)];
}

/** Only a gateway of GraphQL has them. */
function deriveSubgraphs(platform: Platform, service: Service, read: ReadFile): DerivedFile[] {
  if (!service.graphql || service.kind !== 'gateway') return [];
  const module = read(subgraphsModuleFile(service));
  return [
    deriveSubgraphsFile(platform, service, read(posix.join(service.root, SUBGRAPHS_FILE))),
    deriveSubgraphsModule(platform, service, module),
  ];
}

function hasMigrations(tree: Tree, { root }: Service): boolean {
  return tree.children(posix.join(root, MIGRATIONS_FOLDER)).some((file) => file.endsWith('.sql'));
}

function deriveBuild(
  service: Service,
  read: ReadFile,
  context: Omit<DockerignoreFacts, 'projectRoot' | 'libraryRoots'>,
  libraryRoots: readonly string[] | undefined,
): DerivedFile[] {
  const path = dockerfileOf(service);
  const dockerfile = read(path);
  if (dockerfile === undefined) return [];
  const port = derivePort(path, dockerfile, service.port);
  const ignorePath = `${path}.dockerignore`;
  const ignore = read(ignorePath);
  const facts = { ...context, projectRoot: service.root, libraryRoots: libraryRoots ?? [] };
  return [port, deriveDockerignore(ignorePath, facts, ignore)];
}
