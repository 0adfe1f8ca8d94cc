import { DATASTORE_PURPOSES, type Broker } from '../../platform/datastore';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import type { ReadFile } from '../../platform/workspace';
import { parseDatastores, type Datastores } from '../datastore-names';
import { otherEngines } from '../datastore/other-engines';
import type { OptionProblem } from '../option-problem';
import { unknownProvider, type ServiceOptions, type WorkspaceFacts } from '../service/options';
import type { DescribedService } from './description';
import { routePath, saysInternal, type Route } from './route';

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
  datastores: Datastores;
  routes: readonly Route[];
  broker: Broker | undefined;
}

/** What is known of a service beside its manifest's values. */
interface ServiceFacts extends Pick<ServiceOptions, 'framework' | 'auth' | 'tracing'> {
  /** Whether its manifest says in so many words that no gateway serves it. */
  saysInternal: boolean;
}

export function compareService(
  service: Service,
  described: DescribedService,
  facts: Pick<WorkspaceFacts, 'names'> & { read: ReadFile },
): ServiceComparison {
  const written = readServiceFacts(service, facts.read);
  return {
    problems: contradictions(service, described, written, facts),
    change: missingIn(service, described),
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
    framework: 'express' in dependencies ? 'express' : 'fastify',
    auth: auth ?? ('jose' in dependencies ? 'jwt' : 'none'),
    tracing: '@opentelemetry/api' in dependencies,
    saysInternal: saysInternal(manifest, read(manifest) ?? ''),
  };
}

export function isEmpty({ consumes, datastores, routes, broker }: ServiceChange): boolean {
  const hasDatastores = Object.keys(datastores).length > 0;
  return consumes.length === 0 && !hasDatastores && routes.length === 0 && broker === undefined;
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
            message: `"${name}" lies in ${root}: move it, or name that folder`,
          },
        ]),
    ...says('kind', described.kind, kind),
    ...says('port', described.port, port),
    ...(described.consumes ?? []).flatMap((provider, index) => {
      const message = unknownProvider(facts, name, provider);
      return message === undefined ? [] : [{ path: ['consumes', index], message }];
    }),
    ...otherEngines(service, datastores).map((message) => ({ path: ['datastores'], message })),
    ...(saysInternal && (described.routes ?? []).length > 0
      ? [
          {
            path: ['routes'],
            message: `"${name}" has routes here, and "expose: internal" in ${root}/${MANIFEST_FILE}: change one of the two`,
          },
        ]
      : []),
  ];
}

function missingIn(service: Service, described: DescribedService): ServiceChange {
  const { datastores } = parseDatastores(described.datastores ?? []);
  const paths = service.routes.map(routePath);
  return {
    service,
    consumes: [...new Set(described.consumes)].filter((one) => !service.consumes.includes(one)),
    datastores: Object.fromEntries(
      Object.entries(datastores).filter(
        ([purpose]) => service.datastores[purpose as keyof Datastores] === undefined,
      ),
    ),
    routes: (described.routes ?? []).filter((route) => !paths.includes(routePath(route))),
    broker: service.broker === undefined ? described.broker : undefined,
  };
}

function beyond(
  { name, consumes, datastores, routes, broker, publishes, subscribes }: Service,
  described: DescribedService,
): string[] {
  const events = described.publishes.length + described.subscribes.length;
  const wanted = parseDatastores(described.datastores ?? []).datastores;
  const paths = (described.routes ?? []).map(routePath);
  return [
    ...consumes
      .filter((provider) => !described.consumes?.includes(provider))
      .map((provider) => `${name} consumes ${provider}`),
    ...DATASTORE_PURPOSES.filter((purpose) => datastores[purpose] && !wanted[purpose]).map(
      (purpose) => `${name} has ${datastores[purpose]} as its ${purpose}`,
    ),
    ...routes
      .map(routePath)
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

/** The framework and the tokens of a service are code, and that is a person's. */
function otherCode(service: Service, described: DescribedService, code: ServiceFacts): string[] {
  return (['framework', 'auth', 'tracing'] as const).flatMap((option) => {
    const wanted = described[option];
    return wanted === undefined || wanted === code[option]
      ? []
      : [
          `${service.name} is described with ${option}: ${wanted}, and was made with ${option}: ${code[option]}: change ${service.root}/src/app.ts by hand`,
        ];
  });
}
