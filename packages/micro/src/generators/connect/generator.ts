import { formatFiles, readJson, type GeneratorCallback, type Tree } from '@nx/devkit';
import { installPackages } from '../../effects/package-install';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { editJson } from '../json-text';
import { addToList } from '../manifest-list';
import { syncWorkspace } from '../sync/sync-workspace';
import { protoDependency, referToProtoLibrary } from '../service/proto-library';
import { CLIENT_VERSIONS, GRPC_VERSIONS } from '../versions';
import { readPackageManager, readTreePlatform } from '../workspace-tree';
import { readPackageScope } from '../../platform/workspace';
import { generateClient, passesCallsOn, type Provider } from './client';
import { generateGrpcClient, noGrpcCallsOf } from './grpc-client';

export interface ConnectSchema {
  consumer: string;
  provider: string;
  /** Whether the client speaks gRPC. */
  grpc?: boolean;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

interface ConnectOptions {
  consumer: Service;
  provider: Service;
  packageScope: string;
  grpc: boolean;
  skipInstall: boolean;
  skipFormat: boolean;
}

export async function connectGenerator(
  tree: Tree,
  schema: ConnectSchema,
): Promise<GeneratorCallback> {
  const { consumer, provider, packageScope, grpc, skipInstall, skipFormat } = normaliseOptions(
    tree,
    schema,
  );
  const needsInstall = grpc
    ? connectOverGrpc(tree, { consumer, provider, packageScope })
    : addClientPackages(tree, consumer, addLink(tree, consumer.root, provider));
  syncWorkspace(tree);
  if (!skipFormat) await formatFiles(tree);
  return () => {
    if (needsInstall && !skipInstall) installPackages(tree, true);
  };
}

export default connectGenerator;

/** Packages that a client imports, with their versions. */
type Versions = Readonly<Record<string, string>>;

/** All of a link that is not derived: its place in the consumer's manifest, and a client, if there is code to call it. */
export function addLink(tree: Tree, consumerRoot: string, provider: Provider): Versions {
  declareLink(tree, consumerRoot, provider.name);
  if (!passesCallsOn(tree, consumerRoot)) generateClient(tree, consumerRoot, provider);
  return CLIENT_VERSIONS;
}

/** All of a link over gRPC that is not derived, with the packages of its client. @returns whether some were missing. */
export function connectOverGrpc(
  tree: Tree,
  {
    consumer,
    provider,
    packageScope,
  }: Pick<ConnectOptions, 'consumer' | 'provider' | 'packageScope'>,
): boolean {
  const versions = addGrpcLink(tree, consumer.root, provider, packageScope);
  return addClientPackages(tree, consumer, versions);
}

/** With what the compiler needs to find the provider's contract. */
function addGrpcLink(
  tree: Tree,
  consumerRoot: string,
  provider: Service,
  packageScope: string,
): Versions {
  declareLink(tree, consumerRoot, provider.name);
  generateGrpcClient(tree, consumerRoot, provider, packageScope);
  referToProtoLibrary(tree, consumerRoot, provider.name);
  const contract = protoDependency(packageScope, provider.name, readPackageManager(tree));
  return { ...CLIENT_VERSIONS, ...GRPC_VERSIONS, ...contract };
}

function declareLink(tree: Tree, consumerRoot: string, provider: string): void {
  const manifest = `${consumerRoot}/${MANIFEST_FILE}`;
  const before = tree.read(manifest, 'utf8') ?? '';
  const after = addToList(before, 'consumes', provider);
  if (after !== before) tree.write(manifest, after);
}

/** What the client imports; a service that was not made on the chassis has none of it yet. */
function addClientPackages(tree: Tree, { root }: Service, versions: Versions): boolean {
  const file = `${root}/package.json`;
  if (!tree.exists(file)) return false;
  const { dependencies = {} } = readJson<{ dependencies?: Record<string, string> }>(tree, file);
  const isMissing = Object.keys(versions).some((name) => !(name in dependencies));
  const all = Object.entries({ ...versions, ...dependencies });
  const to = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  if (isMissing) editJson(tree, file, [{ path: ['dependencies'], from: dependencies, to }]);
  return isMissing;
}

/** @throws with every reason why the two cannot be connected; nothing is written before. */
function normaliseOptions(tree: Tree, schema: ConnectSchema): ConnectOptions {
  const { name: platform, services } = readTreePlatform(tree);
  const names = services.map(({ name }) => name);
  const consumer = services.find(({ name }) => name === schema.consumer);
  const provider = services.find(({ name }) => name === schema.provider);
  const unknown = [...new Set([schema.consumer, schema.provider])].filter(
    (name) => !names.includes(name),
  );
  const problems = unknown.map(
    (name) => `"${name}" is not a service of this platform${didYouMean(name, names)}`,
  );
  if (schema.consumer === schema.provider) {
    problems.push(`"${schema.consumer}" cannot consume itself: name two services`);
  }
  const noGrpc =
    provider && schema.grpc ? noGrpcCallsOf(provider, (path) => tree.exists(path)) : undefined;
  if (noGrpc !== undefined) problems.push(noGrpc);
  if (!consumer || !provider || problems.length > 0) throw new UserError(problems.join('\n'));
  return {
    consumer,
    provider,
    packageScope: readPackageScope(platform, (path) => tree.read(path, 'utf8') ?? undefined),
    grpc: schema.grpc ?? false,
    skipInstall: schema.skipInstall ?? false,
    skipFormat: schema.skipFormat ?? false,
  };
}
