import { DATASTORE_PURPOSES, type Broker } from '../../platform/datastore';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { pathOf, type RouteEntry } from '../../platform/route';
import type { ReadFile } from '../../platform/workspace';
import { parseDatastores, type Datastores } from '../datastore-names';
import { otherEngines } from '../datastore/other-engines';
import type { OptionProblem } from '../option-problem';
import { noRoutesOf, unknownProvider, type WorkspaceFacts } from '../service/options';
import { hasOption, type DescribedService } from './description';
import { missingGrpcLinks } from './grpc-links';
import { isSameRoute, saysInternal } from './manifest-routes';

/** A service that is there already, beside its description. */
export interface ServiceComparison {
  /** What its manifest says otherwise. */
  problems: readonly OptionProblem[];
  /** What it still lacks. */
  change: ServiceChange;
  /** What it has beyond the description, in words. */
  undescribed: readonly string[];
  /** What only a person can change, in words. */
  left: readonly string[];
}

export interface ServiceChange {
  service: Service;
  consumes: readonly string[];
  /** Providers that it lacks a gRPC client of. */
  overGrpc: readonly string[];
  datastores: Datastores;
  routes: readonly RouteEntry[];
  broker: Broker | undefined;
}

/** Options that only affect generated code, which belongs to the person afterwards. */
const CODE_OPTIONS = ['framework', 'auth', 'openapi', 'rateLimit', 'tracing'] as const;
type CodeOption = (typeof CODE_OPTIONS)[number];

/** What is known of a service beside its manifest's values. */
interface ServiceFacts {
  /** What its code was made with, by option. */
  code: Readonly<Record<CodeOption, string | boolean>>;
  /** Whether its manifest says in so many words that no gateway serves it. */
  saysInternal: boolean;
}

export function compareService(
  service: Service,
  described: DescribedService,
  facts: Pick<WorkspaceFacts, 'names' | 'packageScope'> & { read: ReadFile },
): ServiceComparison {
  const written = readServiceFacts(service, facts.read);
  return {
    problems: contradictions(service, described, written, facts),
    change: missingIn(service, described, facts),
    undescribed: beyond(service, described),
    left: otherCode(service, described, written),
  };
}

/** What only one kind of code needs is in its package.json. */
function readServiceFacts({ root, auth }: Service, read: ReadFile): ServiceFacts {
  const { dependencies = {} } = JSON.parse(read(`${root}/package.json`) ?? '{}') as {
    dependencies?: Record<string, string>;
  };
  const manifest = `${root}/${MANIFEST_FILE}`;
  return {
    code: {
      framework: 'express' in dependencies ? 'express' : 'fastify',
      auth: auth ?? ('jose' in dependencies ? 'jwt' : 'none'),
      openapi: '@fastify/swagger' in dependencies,
      rateLimit: '@fastify/rate-limit' in dependencies,
      tracing: '@opentelemetry/api' in dependencies,
    },
    saysInternal: saysInternal(manifest, read(manifest) ?? ''),
  };
}

export function isEmpty({ datastores, broker, ...lists }: ServiceChange): boolean {
  const { consumes, overGrpc, routes } = lists;
  const missing = consumes.length + overGrpc.length + routes.length;
  return missing + Object.keys(datastores).length === 0 && broker === undefined;
}

function contradictions(
  service: Service,
  described: DescribedService,
  { saysInternal }: ServiceFacts,
  facts: Pick<WorkspaceFacts, 'names'>,
): OptionProblem[] {
  const { name, root, kind, port } = service;
  const directory = described.directory?.replace(/^\.\/|\/$/g, '');
  const { datastores } = parseDatastores(described.datastores ?? []);
  const says = (option: string, wanted: unknown, is: unknown) =>
    wanted === undefined || wanted === is
      ? []
      : [
          {
            path: [option],
            message: `${option} of "${name}" is ${String(is)} in ${root}/${MANIFEST_FILE}: change one of the two`,
          },
        ];
  return [
    ...(directory === undefined || directory === root
      ? []
      : [
          {
            path: ['directory'],
            message: `"${name}" is in ${root}: move it, or name that folder`,
          },
        ]),
    ...says('kind', described.kind, kind),
    ...says('port', described.port, port),
    ...says('lambda', described.lambda, service.lambda ?? false),
    ...says('graphql', described.graphql, service.graphql),
    ...otherGrpc(service, described),
    ...(described.consumes ?? []).flatMap((provider, index) => {
      const message = unknownProvider(facts, name, provider);
      return message === undefined ? [] : [{ path: ['consumes', index], message }];
    }),
    ...otherEngines(service, datastores).map((message) => ({ path: ['datastores'], message })),
    ...otherRoutes(service, described, saysInternal),
  ];
}

function otherGrpc({ name, root, grpcPort }: Service, { grpc }: DescribedService): OptionProblem[] {
  const manifest = `${root}/${MANIFEST_FILE}`;
  if (grpc === undefined || grpc === (grpcPort !== undefined)) return [];
  const message = grpc
    ? `"${name}" does not speak gRPC, as ${manifest} has no "grpcPort": leave out "grpc", or see docs/grpc.md, "A service that exists already"`
    : `"${name}" speaks gRPC, as ${manifest} has a "grpcPort": change one of the two`;
  return [{ path: ['grpc'], message }];
}

function otherRoutes(
  { name, root, kind, routes }: Service,
  described: DescribedService,
  saysInternal: boolean,
): OptionProblem[] {
  const manifest = `${root}/${MANIFEST_FILE}`;
  const misplaced = noRoutesOf(kind, described.routes ?? []);
  if (misplaced !== undefined) return [{ path: ['routes'], message: misplaced }];
  if (saysInternal && (described.routes ?? []).length > 0) {
    const message = `"${name}" has routes here, and "expose: internal" in ${manifest}: change one of the two`;
    return [{ path: ['routes'], message }];
  }
  return (described.routes ?? []).flatMap((wanted, index) => {
    const present = routes.find((route) => pathOf(route) === pathOf(wanted));
    return present === undefined || isSameRoute(present, wanted)
      ? []
      : [
          {
            path: ['routes', index],
            message: `route ${pathOf(wanted)} of "${name}" has other options in ${manifest}: change one of the two`,
          },
        ];
  });
}

function missingIn(
  service: Service,
  described: DescribedService,
  facts: { read: ReadFile; packageScope: string },
): ServiceChange {
  const { datastores } = parseDatastores(described.datastores ?? []);
  const paths = service.routes.map(pathOf);
  const lacksClient = missingGrpcLinks(service, described, facts);
  return {
    service,
    consumes: [...new Set(described.consumes)].filter(
      (one) => !service.consumes.includes(one) && !described.overGrpc.includes(one),
    ),
    overGrpc: described.overGrpc.filter(
      (one) => !service.consumes.includes(one) || lacksClient.includes(one),
    ),
    datastores: Object.fromEntries(
      Object.entries(datastores).filter(
        ([purpose]) => service.datastores[purpose as keyof Datastores] === undefined,
      ),
    ),
    routes: (described.routes ?? []).filter((route) => !paths.includes(pathOf(route))),
    broker: service.broker === undefined ? described.broker : undefined,
  };
}

function beyond(
  { name, consumes, datastores, routes, broker, publishes, subscribes }: Service,
  described: DescribedService,
): string[] {
  const events = described.publishes.length + described.subscribes.length;
  const wanted = parseDatastores(described.datastores ?? []).datastores;
  const paths = (described.routes ?? []).map(pathOf);
  return [
    ...consumes
      .filter((provider) => !described.consumes?.includes(provider))
      .map((provider) => `${name} consumes ${provider}`),
    ...DATASTORE_PURPOSES.filter((purpose) => datastores[purpose] && !wanted[purpose]).map(
      (purpose) => `${name} has ${datastores[purpose]} as its ${purpose}`,
    ),
    ...routes
      .map(pathOf)
      .filter((path) => !paths.includes(path))
      .map((path) => `${name} has the route ${path}`),
    ...(broker && !described.broker && publishes.length + subscribes.length + events === 0
      ? [`${name} has the broker ${broker}`]
      : []),
    ...publishes
      .filter((event) => !described.publishes.includes(event))
      .map((event) => `${name} publishes ${event}`),
    ...subscribes
      .filter((event) => !described.subscribes.includes(event))
      .map((event) => `${name} subscribes to ${event}`),
  ];
}

function otherCode(
  service: Service,
  described: DescribedService,
  { code }: ServiceFacts,
): string[] {
  return CODE_OPTIONS.flatMap((option) => {
    const wanted = described[option];
    return wanted === undefined || wanted === code[option] || !hasOption(service.kind, option)
      ? []
      : [
          `${service.name} is described with ${option}: ${wanted}, but was created with ${option}: ${code[option]}: change ${service.root}/src/app.ts by hand`,
        ];
  });
}
