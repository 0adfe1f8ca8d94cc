import { formatFiles, logger, type GeneratorCallback, type Tree } from '@nx/devkit';
import { installPackages } from '../../effects/package-install';
import { readContractsPackage } from '../../platform/contracts-library';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { PlatformError } from '../../platform/problem';
import type { RouteEntry } from '../../platform/route';
import { UserError } from '../../platform/user-error';
import { readPackageScope, readPlatformName, type ReadFile } from '../../platform/workspace';
import { addLink, connectOverGrpc } from '../connect/generator';
import { addDatastores, sayWhatIsLeft } from '../datastore/generator';
import { addBroker, addEvent } from '../event/add-event';
import { initGenerator } from '../init/generator';
import { generateFromPackages, generateServices } from '../service/generator';
import { nameIssuer } from '../service/issuer';
import { readWorkspaceFacts } from '../service/options';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { DESCRIPTION_FILE, readDescription } from './description';
import type { GrpcLink } from './grpc-links';
import { planPlatform, type PlatformPlan } from './plan';
import { addRoutes } from './manifest-routes';
import type { ServiceChange } from './service-comparison';
import type { PlatformFacts } from './service-plan';
import { formatSummary } from './summary';

export interface PlatformSchema {
  file?: string;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

/** Brings the workspace to what a description says; what is there already stays. */
export async function platformGenerator(
  tree: Tree,
  { file = DESCRIPTION_FILE, skipInstall, skipFormat }: PlatformSchema,
): Promise<GeneratorCallback> {
  const plan = readPlan(tree, file);
  await initGenerator(tree, { skipFormat: true, skipInstall: true });
  generateServices(tree, plan.create);
  const services = new Map(
    readTreePlatform(tree).services.map((service) => [service.name, service] as const),
  );
  for (const change of plan.change) applyChange(tree, change, services);
  addGrpcLinks(tree, plan.grpcLinks, services);
  for (const event of plan.events) addEvent(tree, event);
  syncWorkspace(tree);
  for (const service of plan.create) if (service.auth === 'jwt') nameIssuer(tree, service);
  if (!skipFormat) await formatFiles(tree);
  for (const { service, datastores } of plan.change) {
    if (Object.keys(datastores).length > 0) sayWhatIsLeft(tree, service);
  }
  logger.info(formatSummary(file, plan));
  return () => {
    if (skipInstall) return;
    installPackages(tree, addsPackages(plan));
    generateFromPackages(tree, plan.create);
  };
}

export default platformGenerator;

/** @throws with every problem of the description, and all that contradicts it; nothing is written before. */
function readPlan(tree: Tree, file: string): PlatformPlan {
  const text = tree.exists(file) ? tree.read(file, 'utf8') : null;
  if (text === null) {
    throw new UserError(
      `There is no ${file}: describe the platform in it, for example "services: { users: { datastores: [postgres] } }"`,
    );
  }
  const { description, problems } = readDescription(file, text);
  if (!description) throw new PlatformError(problems);
  const planned = planPlatform(description, readFacts(tree));
  const all = [...problems, ...planned.problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (all.length > 0) throw new PlatformError(all);
  return planned.plan;
}

function readFacts(tree: Tree): PlatformFacts {
  const facts = readWorkspaceFacts(tree);
  const read: ReadFile = (path) => tree.read(path, 'utf8') ?? undefined;
  return { ...facts, read, contractsPackage: readContractsPackage(readPlatformName(read), read) };
}

function applyChange(
  tree: Tree,
  { service, consumes, datastores, routes, broker }: ServiceChange,
  services: ReadonlyMap<string, Service>,
): void {
  for (const name of consumes) addLink(tree, service.root, services.get(name)!);
  if (Object.keys(datastores).length > 0) addDatastores(tree, service, datastores);
  writeRoutes(tree, service, routes);
  if (broker) addBroker(tree, service, broker);
}

function addGrpcLinks(
  tree: Tree,
  links: readonly GrpcLink[],
  services: ReadonlyMap<string, Service>,
): void {
  const read: ReadFile = (path) => tree.read(path, 'utf8') ?? undefined;
  const packageScope = readPackageScope(readPlatformName(read), read);
  for (const { consumer, provider } of links) {
    connectOverGrpc(tree, {
      consumer: services.get(consumer)!,
      provider: services.get(provider)!,
      packageScope,
    });
  }
}

function writeRoutes(
  tree: Tree,
  { root }: Pick<Service, 'root'>,
  routes: readonly RouteEntry[],
): void {
  if (routes.length === 0) return;
  const manifest = `${root}/${MANIFEST_FILE}`;
  const before = tree.read(manifest, 'utf8') ?? '';
  const after = addRoutes(manifest, before, routes);
  if (after !== before) tree.write(manifest, after);
}

function addsPackages({ create, change, grpcLinks, events }: PlatformPlan): boolean {
  const withPackages = change.filter(
    ({ datastores, broker }) => Object.keys(datastores).length > 0 || broker !== undefined,
  );
  return create.length + grpcLinks.length + events.length + withPackages.length > 0;
}
