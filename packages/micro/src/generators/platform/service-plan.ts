import { brokerOf, type Broker } from '../../platform/datastore';
import { isSubgraph } from '../../platform/graphql-rules';
import { manifestSchema } from '../../platform/manifest';
import { checkPlatform, type Service } from '../../platform/platform';
import { nextFreePort, portsOf } from '../../platform/port';
import type { Problem } from '../../platform/problem';
import type { ReadFile } from '../../platform/workspace';
import type { YamlSource } from '../../platform/yaml-source';
import {
  planService,
  type ServiceOptions,
  type ServiceSchema,
  type WorkspaceFacts,
} from '../service/options';
import type { DescribedService, PlatformDescription } from './description';
import { noGrpcLinks, type GrpcLink } from './grpc-links';
import { compareService, isEmpty, type ServiceChange } from './service-comparison';

/** What has to be done for the services of a description. */
export interface ServicesPlan {
  create: readonly ServiceOptions[];
  change: readonly ServiceChange[];
  /** Links that get a client over gRPC, of services that are created or changed. */
  grpcLinks: readonly GrpcLink[];
  /** Services that are already as described. */
  keep: readonly Service[];
  /** What the workspace has beyond the description, in words; it stays. */
  undescribed: readonly string[];
  /** What only a person can do, in words. */
  left: readonly string[];
}

/** What of the workspace a description is compared with: read once. */
export interface PlatformFacts extends WorkspaceFacts {
  read: ReadFile;
  /** The package of the contracts of events: `@acme/contracts`. */
  contractsPackage: string;
}

/** @returns `after` too: every service of the workspace once all is done, but for its events. */
export function planServices(
  { services, source }: PlatformDescription,
  facts: PlatformFacts,
): { plan: ServicesPlan; after: readonly Service[]; problems: readonly Problem[] } {
  const known = withDescribed(facts, services);
  const broker = brokerOf([...facts.services, ...services]);
  const present = new Map(facts.services.map((service) => [service.name, service]));
  const after = new Map(present);
  const create: ServiceOptions[] = [];
  const change: ServiceChange[] = [];
  const grpcLinks: GrpcLink[] = [];
  const keep: Service[] = [];
  const undescribed = undescribedServices(facts.services, services);
  const left: string[] = [];
  const problems: ProblemOf[] = [];
  for (const one of services) {
    const { name } = one;
    const service = present.get(name);
    const described = withSubgraphs(one, service?.kind, known.subgraphs);
    problems.push(
      ...noGrpcLinks(described, { ...known, described: services }).map((problem) => ({
        ...problem,
        service: name,
      })),
    );
    if (service) {
      const compared = compareService(service, described, known);
      problems.push(...compared.problems.map((problem) => ({ ...problem, service: name })));
      if (isEmpty(compared.change)) keep.push(service);
      else change.push(compared.change);
      grpcLinks.push(...linksTo(name, compared.change.overGrpc));
      undescribed.push(...compared.undescribed);
      left.push(...compared.left);
      after.set(name, changed(compared.change, described, broker));
      continue;
    }
    const planned = planService(toSchema(described, broker), known);
    problems.push(...planned.problems.map((problem) => ({ ...problem, service: name })));
    if (planned.options) create.push(overHttp(planned.options, described));
    grpcLinks.push(...linksTo(name, described.overGrpc));
    const made = newService(name, planned.options ?? standIn(name, one, known.ports));
    after.set(name, made);
    for (const port of portsOf(made)) known.ports.set(port, name);
    known.projects.set(name, { root: made.root });
  }
  problems.push(...brokenRules([...after.values()], new Set(problems.map((one) => one.service))));
  return {
    plan: { create, change, grpcLinks, keep, undescribed, left },
    after: [...after.values()],
    problems: problems.map((problem) => locate(source, problem)),
  };
}

/** What is wrong with a key of a service, or with the whole service if `path` is empty. */
interface ProblemOf {
  service: string;
  path: readonly (string | number)[];
  message: string;
}

function locate(source: YamlSource, { service, path, message }: ProblemOf): Problem {
  return { file: source.file, line: source.lineOf(['services', service, ...path]), message };
}

function toSchema(described: DescribedService, broker: Broker): ServiceSchema {
  const { publishes, subscribes, overGrpc: _, consumes, ...rest } = described;
  const schema = { ...rest, ...(consumes ? { consumes: [...consumes] } : {}) };
  return publishes.length + subscribes.length > 0 ? { broker, ...schema } : schema;
}

/** A gateway of GraphQL that names nothing else answers from all subgraphs, those of the description among them. */
function withSubgraphs(
  described: DescribedService,
  kind: Service['kind'] | undefined,
  subgraphs: readonly string[],
): DescribedService {
  const { consumes, graphql } = described;
  const isGateway = (kind ?? described.kind) === 'gateway';
  return isGateway && graphql && consumes === undefined
    ? { ...described, consumes: subgraphs }
    : described;
}

/** What a new service is created with: links over gRPC are added to it, so that they get no other client. */
function overHttp(options: ServiceOptions, { overGrpc }: DescribedService): ServiceOptions {
  return { ...options, consumes: options.consumes.filter((name) => !overGrpc.includes(name)) };
}

function linksTo(consumer: string, providers: readonly string[]): GrpcLink[] {
  return providers.map((provider) => ({ consumer, provider }));
}

function undescribedServices(
  present: readonly Service[],
  services: readonly DescribedService[],
): string[] {
  const described = new Set(services.map(({ name }) => name));
  return present
    .filter(({ name }) => !described.has(name))
    .map(({ name, root }) => `service ${name} (${root})`);
}

/** The facts with the names and ports of the description: links and ports are decided on the whole. */
function withDescribed(facts: PlatformFacts, services: readonly DescribedService[]) {
  const ports = new Map(facts.ports);
  for (const { name, port } of services) {
    if (port !== undefined && !ports.has(port)) ports.set(port, name);
  }
  return {
    ...facts,
    ports,
    names: new Set([...facts.names, ...services.map(({ name }) => name)]),
    subgraphs: [
      ...new Set([
        ...facts.subgraphs,
        ...services.filter(isDescribedSubgraph).map(({ name }) => name),
      ]),
    ],
    projects: new Map(facts.projects),
  };
}

function isDescribedSubgraph({ kind = 'service', graphql = false }: DescribedService): boolean {
  return isSubgraph({ kind, graphql });
}

function changed(
  { service, consumes, overGrpc, datastores, routes, broker }: ServiceChange,
  { publishes, subscribes }: DescribedService,
  ofPlatform: Broker,
): Service {
  const hasEvents = publishes.length + subscribes.length > 0;
  return {
    ...service,
    consumes: [...new Set([...service.consumes, ...consumes, ...overGrpc])],
    datastores: { ...service.datastores, ...datastores },
    broker: service.broker ?? broker ?? (hasEvents ? ofPlatform : undefined),
    routes: [...service.routes, ...routes],
    expose: routes.length > 0 ? 'public' : service.expose,
  };
}

type Made = Pick<ServiceOptions, 'root' | 'port' | 'routes'> & Partial<ServiceOptions>;

function newService(name: string, made: Made): Service {
  const { root, kind, port, grpcPort, graphql, consumes, datastores, broker, routes } = made;
  const expose = routes.length > 0 ? 'public' : 'internal';
  const manifest = {
    ...{ kind, port, grpcPort, graphql },
    ...{ consumes: consumes && [...new Set(consumes)], datastores, broker, routes, expose },
  };
  return { ...manifestSchema.parse(manifest), name, root };
}

/** For a service that cannot be made: others may name it, and that is no further problem. */
function standIn(
  name: string,
  { routes = [], kind, graphql }: Pick<DescribedService, 'routes' | 'kind' | 'graphql'>,
  ports: ReadonlyMap<number, string>,
): Made {
  const port = nextFreePort(new Set(ports.keys()));
  return { root: `apps/${name}`, port, routes, kind, graphql };
}

/** What the rules of the platform say of it as it will be; services that have a problem are left out. */
function brokenRules(after: readonly Service[], wrong: ReadonlySet<string>): ProblemOf[] {
  const files = after.map(({ name, root, ...manifest }) => ({
    name,
    root,
    file: name,
    text: JSON.stringify({ ...manifest, publishes: [], subscribes: [] }),
  }));
  return checkPlatform('', files)
    .problems.filter(({ file }) => !wrong.has(file))
    .map(({ file, message }) => ({ service: file, path: [], message }));
}
