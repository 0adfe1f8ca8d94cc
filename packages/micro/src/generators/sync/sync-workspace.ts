import { getProjects, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { localUrls } from '../../compose/datastore';
import { deriveDevelopmentCompose } from '../../compose/development-compose';
import {
  DEVELOPMENT_COMPOSE_FILE,
  ROOT_COMPOSE_FILE,
  serviceComposeFile,
} from '../../compose/paths';
import { deriveRootCompose } from '../../compose/root-compose';
import { deriveServiceCompose } from '../../compose/service-compose';
import { resourcesModuleFile, deriveResourcesModule } from '../../discovery/resources-module';
import { deriveLinksModule } from '../../discovery/links-module';
import { deriveServeEnv } from '../../discovery/serve-env';
import { derivePort, dockerfileOf } from '../../dockerfile/dockerfile-edit';
import { deriveDockerignore, type DockerignoreFacts } from '../../dockerfile/dockerignore';
import { readWorkspaceContext } from '../../dockerfile/workspace-context';
import { MIGRATIONS_FOLDER } from '../../platform/datastore';
import type { DerivedFile } from '../../platform/derived-file';
import { PlatformError, type Problem } from '../../platform/problem';
import type { Platform, Service } from '../../platform/platform';
import { readPlatform, type ReadFile } from '../../platform/workspace';
import { deriveTopologyDocument, TOPOLOGY_FILE } from '../../topology/document';
import { topologyOf } from '../../topology/graph';
import { renderMermaid } from '../../topology/mermaid';

/** The roots of a service's libraries; `undefined` where they cannot be told. */
export type LibrariesOf = (service: Service, platform: Platform) => readonly string[] | undefined;

export interface SyncOptions {
  /**
   * Without it, as in a generator that has no project graph yet, a Dockerfile.dockerignore that is
   * there stays, and a new one allows no library.
   */
  librariesOf?: LibrariesOf;
}

/**
 * Brings every derived file in the tree in step with the manifests; writes only what differs.
 *
 * @returns what was written, each with what had drifted; empty where all was in step.
 * @throws {PlatformError} with every problem of every file; then nothing is written.
 */
export function syncWorkspace(tree: Tree, { librariesOf }: SyncOptions = {}): DerivedFile[] {
  const read: ReadFile = (path) => tree.read(path, 'utf8') ?? undefined;
  const projects = [...getProjects(tree)].map(([name, { root }]) => ({ name, root }));
  const platform = readPlatform(projects, read);
  const drifted = deriveAll(platform, tree, read, librariesOf ?? (() => undefined)).filter(
    ({ drift }) => drift.length > 0,
  );
  for (const { path, text } of drifted) tree.write(path, text);
  return drifted;
}

function deriveAll(
  platform: Platform,
  tree: Tree,
  read: ReadFile,
  librariesOf: LibrariesOf,
): DerivedFile[] {
  const context = readWorkspaceContext(read);
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
  return allOrProblems([
    ...(isDerived(ROOT_COMPOSE_FILE)
      ? [() => [deriveRootCompose(platform, read(ROOT_COMPOSE_FILE), exists)]]
      : []),
    ...(isDerived(DEVELOPMENT_COMPOSE_FILE) ? [deriveDevelopment] : []),
    ...platform.services.flatMap((service) => {
      const compose = read(serviceComposeFile(service));
      const migrates = hasMigrations(tree, service);
      return [
        () => [deriveServiceCompose(platform, service, compose, migrates)],
        () => deriveDiscovery(platform, service, localUrls(service, ports), read),
        () => deriveResources(service, migrates, read),
        () => deriveBuild(service, read, context, librariesOf(service, platform)),
      ];
    }),
    () => [deriveTopologyDocument(drawing(), read(TOPOLOGY_FILE)) ?? []].flat(),
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
  return read(at('src/config.ts')) === undefined
    ? [env]
    : [env, deriveLinksModule(service, read(at('src/links.ts')))];
}

/** Only a service on the chassis has code that uses the module. */
function deriveResources(service: Service, migrates: boolean, read: ReadFile): DerivedFile[] {
  const config = read(posix.join(service.root, 'src/config.ts'));
  if (!config?.includes('./resources')) return [];
  const current = read(resourcesModuleFile(service));
  return [deriveResourcesModule(service, migrates, current)];
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
  if (ignore !== undefined && libraryRoots === undefined) return [port];
  const facts = { ...context, projectRoot: service.root, libraryRoots: libraryRoots ?? [] };
  return [port, deriveDockerignore(ignorePath, facts, ignore)];
}

/** Runs every step, and throws the problems of all of them at once. */
function allOrProblems(steps: readonly (() => DerivedFile[])[]): DerivedFile[] {
  const files: DerivedFile[] = [];
  const problems: Problem[] = [];
  for (const step of steps) {
    try {
      files.push(...step());
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new PlatformError(problems);
  return files;
}
