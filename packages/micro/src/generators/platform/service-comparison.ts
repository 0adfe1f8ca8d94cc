import { DATASTORE_PURPOSES } from '../../platform/datastore';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { parseDatastores, type Datastores } from '../datastore-names';
import { otherEngines } from '../datastore/other-engines';
import {
  unknownProvider,
  type OptionProblem,
  type ServiceOptions,
  type WorkspaceFacts,
} from '../service/options';
import type { DescribedService } from './description';
import { routePath, type Route } from './route';

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
}

/** What is known of a service beside its manifest's values. */
export interface ServiceFacts extends Pick<ServiceOptions, 'framework' | 'auth'> {
  /** Whether its manifest says in so many words that no gateway serves it. */
  saysInternal: boolean;
}

export function compareService(
  service: Service,
  described: DescribedService,
  written: ServiceFacts,
  facts: Pick<WorkspaceFacts, 'names'>,
): ServiceComparison {
  return {
    problems: contradictions(service, described, written, facts),
    change: missingIn(service, described),
    undescribed: beyond(service, described),
    left: otherCode(service, described, written),
  };
}

export function isEmpty({ consumes, datastores, routes }: ServiceChange): boolean {
  return consumes.length === 0 && Object.keys(datastores).length === 0 && routes.length === 0;
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
  };
}

function beyond(
  { name, consumes, datastores, routes }: Service,
  described: DescribedService,
): string[] {
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
  ];
}

/** The framework and the tokens of a service are code, and that is a person's. */
function otherCode(service: Service, described: DescribedService, code: ServiceFacts): string[] {
  return (['framework', 'auth'] as const).flatMap((option) => {
    const wanted = described[option];
    return wanted === undefined || wanted === code[option]
      ? []
      : [
          `${service.name} is described with ${option}: ${wanted}, and was made with ${option}: ${code[option]}: change ${service.root}/src/app.ts by hand`,
        ];
  });
}
