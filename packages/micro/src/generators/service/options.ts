import { getProjects, type Tree } from '@nx/devkit';
import type { Broker } from '../../platform/datastore';
import { isSubgraph } from '../../platform/graphql-rules';
import { MANIFEST_FILE, type Manifest } from '../../platform/manifest';
import { serviceNameProblem } from '../../platform/name';
import type { Service } from '../../platform/platform';
import { nextFreePort, portsOf } from '../../platform/port';
import { pathOf, routePathProblem, type RouteEntry } from '../../platform/route';
import { UserError } from '../../platform/user-error';
import { readPackageScope } from '../../platform/workspace';
import { didYouMean } from '../../platform/yaml-source';
import { collidingRoutes } from './colliding-routes';
import { consumedBy, noGraphqlOf } from './graphql-option';
import { grpcPortOf, noGrpcOf } from './grpc-option';
import { parseDatastores, splitNames, type Datastores } from '../datastore-names';
import { about, type OptionProblem } from '../option-problem';
import {
  readPackageManager,
  readTreePlatform,
  type WorkspacePackageManager,
} from '../workspace-tree';
import { folderProblem, locate, readFolderFacts, type FolderFacts } from './folder';
import { originProblem } from './origin';

/** Options of `service`, and what other generators ask of it beside them. */
export interface ServiceRequest {
  name: string;
  directory?: string;
  kind?: Manifest['kind'];
  port?: number;
  consumes?: string | string[];
  datastores?: string | string[];
  broker?: Broker;
  /** Under which gateways serve it; as options of the command line, path prefixes. */
  routes?: string | readonly RouteEntry[];
  auth?: 'none' | 'jwt' | 'service-keys';
  openapi?: boolean;
  /** Of a gateway: origins whose pages may call it. */
  cors?: string | string[];
  /** Of a gateway: whether callers are limited. */
  rateLimit?: boolean;
  framework?: 'fastify' | 'express';
  tracing?: boolean;
  /** Whether it speaks gRPC beside HTTP. */
  grpc?: boolean;
  /** A service: whether it is a subgraph. A gateway: whether it answers GraphQL from its subgraphs. */
  graphql?: boolean;
  /** Whether it can be a Lambda function, too. */
  lambda?: boolean;
  skipInstall?: boolean;
  skipFormat?: boolean;
}

/** Options as Nx gives them. */
export type ServiceSchema = Omit<ServiceRequest, 'cors' | 'rateLimit'>;

export interface ServiceOptions {
  name: string;
  /** Project root relative to the workspace root. */
  root: string;
  packageName: string;
  packageScope: string;
  kind: Manifest['kind'];
  port: number;
  consumes: readonly string[];
  datastores: Datastores;
  broker: Broker | undefined;
  /** If there are any, it is exposed. */
  routes: readonly RouteEntry[];
  auth: 'none' | 'jwt' | 'service-keys';
  openapi: boolean;
  /** Empty if no other origin is allowed. */
  cors: readonly string[];
  rateLimit: boolean;
  framework: 'fastify' | 'express';
  tracing: boolean;
  /** Undefined if it does not speak gRPC. */
  grpcPort: number | undefined;
  graphql: boolean;
  lambda: boolean;
  packageManager: WorkspacePackageManager;
  skipInstall: boolean;
  skipFormat: boolean;
}

/** What decides whether a service can be made: read once, however many are made. */
export interface WorkspaceFacts {
  services: readonly Service[];
  /** Names that `consumes` may hold. */
  names: ReadonlySet<string>;
  /** Services with a part of a GraphQL schema. */
  subgraphs: readonly string[];
  /** Every port that is taken, and by which service. */
  ports: ReadonlyMap<number, string>;
  projects: ReadonlyMap<string, { root: string }>;
  folders: FolderFacts;
  packageScope: string;
  packageManager: WorkspacePackageManager;
}

/** @throws with every reason why the service cannot be made; nothing is written before. */
export function normalizeServiceOptions(tree: Tree, schema: ServiceRequest): ServiceOptions {
  const { options, problems } = planService(schema, readWorkspaceFacts(tree));
  if (!options) throw new UserError(problems.map(({ message }) => message).join('\n'));
  return options;
}

export function readWorkspaceFacts(tree: Tree): WorkspaceFacts {
  const platform = readTreePlatform(tree);
  return {
    services: platform.services,
    names: new Set(platform.services.map(({ name }) => name)),
    subgraphs: platform.services.filter(isSubgraph).map(({ name }) => name),
    ports: new Map(
      platform.services.flatMap((service) => portsOf(service).map((port) => [port, service.name])),
    ),
    projects: getProjects(tree),
    folders: readFolderFacts(tree),
    packageScope: readPackageScope(platform.name, (path) => tree.read(path, 'utf8') ?? undefined),
    packageManager: readPackageManager(tree),
  };
}

/** The options of a service with nothing left open, or every reason why it cannot be made. */
export function planService(
  schema: ServiceRequest,
  facts: WorkspaceFacts,
): { options?: ServiceOptions; problems: readonly OptionProblem[] } {
  const { name, root, problem } = locate(schema);
  if (problem !== undefined) return { problems: [{ path: ['directory'], message: problem }] };
  const existing = facts.services.find((service) => service.root === root);
  const consumes = consumedBy(schema, facts.subgraphs);
  const { datastores, problems: wrongDatastores } = parseDatastores(splitNames(schema.datastores));
  const routes = readRoutes(schema.routes);
  const kind = existing?.kind ?? schema.kind ?? 'service';
  const problems = [
    about([], serviceNameProblem(name)),
    ...(existing?.name === name
      ? []
      : [
          about([], nameTaken(facts, name, root)),
          about(['directory'], folderProblem(facts.projects, facts.folders, root)),
          about(['port'], portTaken(facts, name, schema.port)),
        ]),
    ...consumes.map((provider, index) =>
      about(['consumes', index], unknownProvider(facts, name, provider)),
    ),
    ...wrongDatastores.map((message) => about(['datastores'], message)),
    ...routes.map((route, index) => about(['routes', index], routePathProblem(pathOf(route)))),
    about(['routes'], noRoutesOf(kind, routes)),
    ...(kind === 'gateway' ? notOfGateway(schema) : []),
    about(['framework'], notInExpress(schema)),
    about(['grpc'], noGrpcOf(kind, schema)),
    about(['graphql'], noGraphqlOf(kind, schema, existing?.consumes ?? consumes, facts.subgraphs)),
    ...splitNames(schema.cors).map((origin, index) =>
      about(['cors', index], originProblem(origin)),
    ),
    ...(kind === 'gateway'
      ? collidingRoutes(facts, existing?.consumes ?? consumes).map((message) =>
          about(['consumes'], message),
        )
      : []),
  ].filter((found) => found !== undefined);
  if (problems.length > 0) return { problems };
  const used = new Set(facts.ports.keys());
  const port = existing?.port ?? schema.port ?? nextFreePort(used);
  const options: ServiceOptions = {
    name,
    root,
    packageName: `@${facts.packageScope}/${name}`,
    packageScope: facts.packageScope,
    kind,
    port,
    grpcPort: existing ? existing.grpcPort : grpcPortOf(schema, used.add(port)),
    lambda: (existing ? existing.lambda : schema.lambda) ?? false,
    consumes: existing?.consumes ?? consumes,
    datastores: existing?.datastores ?? datastores,
    broker: existing ? existing.broker : schema.broker,
    routes: existing?.routes ?? routes,
    auth: existing?.auth ?? schema.auth ?? 'none',
    framework: schema.framework ?? 'fastify',
    openapi: schema.openapi ?? false,
    cors: splitNames(schema.cors),
    rateLimit: schema.rateLimit ?? false,
    tracing: schema.tracing ?? false,
    graphql: existing ? existing.graphql : (schema.graphql ?? false),
    packageManager: facts.packageManager,
    skipInstall: schema.skipInstall ?? false,
    skipFormat: schema.skipFormat ?? false,
  };
  return { options, problems };
}

function nameTaken({ projects }: WorkspaceFacts, name: string, root: string): string | undefined {
  const project = projects.get(name);
  if (!project) return undefined;
  return project.root === root
    ? `There is a project "${name}" in ${root} that is not a service, as it has no ${MANIFEST_FILE}: choose another name`
    : `There is already a project "${name}" in ${project.root}: choose another name`;
}

/** Why a port cannot be a service's, or `undefined` if it can. */
export function portTaken(
  { ports }: WorkspaceFacts,
  name: string,
  port: number | undefined,
): string | undefined {
  if (port === undefined) return undefined;
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    return `${port} is not a port between 1024 and 65535`;
  }
  const owner = ports.get(port);
  if (owner === undefined || owner === name) return undefined;
  const free = nextFreePort(new Set(ports.keys()));
  return `Port ${port} is already used by "${owner}"; the next free one is ${free}`;
}

/** Why a service cannot consume a provider, or `undefined` if it can. */
export function unknownProvider(
  facts: Pick<WorkspaceFacts, 'names'>,
  consumer: string,
  provider: string,
): string | undefined {
  if (provider === consumer) return `"${consumer}" cannot consume itself`;
  if (facts.names.has(provider)) return undefined;
  const names = [...facts.names].filter((name) => name !== consumer);
  return `"${provider}" is not a service of this platform${didYouMean(provider, names)}`;
}

/** The command line gives a list as it is typed, with commas. */
export function readRoutes(routes: ServiceRequest['routes'] = []): RouteEntry[] {
  const entries: readonly RouteEntry[] = typeof routes === 'string' ? [routes] : routes;
  return entries.flatMap<RouteEntry>((entry) =>
    typeof entry === 'string' ? splitNames(entry) : [entry],
  );
}

/** Why a service has no routes of its own, or `undefined` if it may. */
export function noRoutesOf(
  kind: Manifest['kind'],
  routes: readonly RouteEntry[],
): string | undefined {
  if (routes.length === 0 || kind === 'service') return undefined;
  return kind === 'worker'
    ? 'A worker takes no calls: leave out --routes'
    : 'A gateway serves the routes of the services that it consumes: give --routes to those';
}

function notOfGateway({ framework, auth, broker }: ServiceRequest): (OptionProblem | undefined)[] {
  return [
    framework === 'express'
      ? about(
          ['framework'],
          'A gateway has no routes to write in Express: leave out --framework=express',
        )
      : undefined,
    auth === 'service-keys'
      ? about(
          ['auth'],
          'A gateway is called by people, who have no service key: leave out --auth=service-keys',
        )
      : undefined,
    broker
      ? about(
          ['broker'],
          'A gateway handles no events: have a service behind it publish them, and leave out --broker',
        )
      : undefined,
  ];
}

function notInExpress({ framework, openapi }: ServiceRequest): string | undefined {
  return framework === 'express' && openapi
    ? 'Routes are described from what Fastify knows of them: leave out --openapi or --framework=express'
    : undefined;
}
