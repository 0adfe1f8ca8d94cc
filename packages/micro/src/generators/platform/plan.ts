import { DATASTORE_PURPOSES } from '../../platform/datastore';
import { backingHosts, type Service } from '../../platform/platform';
import type { Problem } from '../../platform/problem';
import { parseDatastores, type Datastores } from '../datastore-names';
import { otherEngines } from '../datastore/other-engines';
import {
  planService,
  unknownProvider,
  type OptionProblem,
  type ServiceOptions,
  type WorkspaceFacts,
} from '../service/options';
import type { DescribedService, PlatformDescription } from './description';

/** What has to be done for the workspace to hold what the description says. */
export interface PlatformPlan {
  create: readonly ServiceOptions[];
  change: readonly ServiceChange[];
  /** Described services that are already as described. */
  keep: readonly Service[];
  /** What the workspace has beyond the description, in words; it stays. */
  undescribed: readonly string[];
  /** What only a person can do, in words. */
  left: readonly string[];
}

/** What a service that is there already still lacks. */
export interface ServiceChange {
  service: Service;
  consumes: readonly string[];
  datastores: Datastores;
}

/** What the code of a service was generated for. */
export type CodeOf = (service: Service) => {
  framework: ServiceOptions['framework'];
  auth: ServiceOptions['auth'];
};

/**
 * Compares a description with the workspace: the manifests stay the source, so what they lack is
 * added, and what they say otherwise is a problem.
 */
export function planPlatform(
  { services, source }: PlatformDescription,
  facts: WorkspaceFacts,
  codeOf: CodeOf,
): { plan: PlatformPlan; problems: readonly Problem[] } {
  const known = withDescribed(facts, services);
  const existing = new Map(facts.services.map((service) => [service.name, service]));
  const create: ServiceOptions[] = [];
  const change: ServiceChange[] = [];
  const keep: Service[] = [];
  const undescribed = facts.services
    .filter(({ name }) => !services.some((described) => described.name === name))
    .map(({ name, root }) => `service ${name} (${root})`);
  const left: string[] = [];
  const problems: Problem[] = [];
  const report = (name: string, found: readonly OptionProblem[]) =>
    problems.push(
      ...found.map(({ path, message }) => ({
        file: source.file,
        line: source.lineOf(['services', name, ...path]),
        message,
      })),
    );
  for (const described of services) {
    const { name } = described;
    const service = existing.get(name);
    if (service) {
      report(name, contradictions(service, described, known));
      const missing = missingIn(service, described);
      if (isEmpty(missing)) keep.push(service);
      else change.push(missing);
      undescribed.push(...beyond(service, described));
      left.push(...otherCode(service, described, codeOf));
      continue;
    }
    const planned = planService({ ...described }, known);
    report(name, planned.problems);
    if (!planned.options) continue;
    create.push(planned.options);
    known.ports.set(planned.options.port, name);
    known.projects.set(name, { root: planned.options.root });
  }
  for (const { name, message } of namesOfHosts([
    ...facts.services,
    ...change.map(({ service, datastores }) => ({ ...service, datastores })),
    ...create,
  ])) {
    report(name, [{ path: [], message }]);
  }
  return { plan: { create, change, keep, undescribed, left }, problems };
}

/** The facts with the names and ports of the description: links and ports are decided on the whole. */
function withDescribed(facts: WorkspaceFacts, services: readonly DescribedService[]) {
  const ports = new Map(facts.ports);
  for (const { name, port } of services) {
    if (port !== undefined && !ports.has(port)) ports.set(port, name);
  }
  return {
    ...facts,
    ports,
    names: new Set([...facts.names, ...services.map(({ name }) => name)]),
    projects: new Map(facts.projects),
  };
}

/** Services whose names are those of datastores of others. */
function namesOfHosts(services: Parameters<typeof backingHosts>[0]) {
  const hosts = backingHosts(services);
  return [...new Set(services.map(({ name }) => name))].flatMap((name) => {
    const owner = hosts.get(name);
    return owner
      ? [{ name, message: `"${name}" is the name of ${owner}: rename the service` }]
      : [];
  });
}

/** What the manifest of a service says otherwise. */
function contradictions(
  service: Service,
  described: DescribedService,
  facts: WorkspaceFacts,
): OptionProblem[] {
  const { name, root, kind, port } = service;
  const directory = described.directory?.replace(/^\.\/|\/$/g, '');
  const { datastores } = parseDatastores(described.datastores ?? []);
  const says = (path: string, wanted: unknown, is: unknown) =>
    wanted === undefined || wanted === is
      ? []
      : [
          {
            path: [path],
            message: `${path} of "${name}" is ${String(is)} in ${root}/service.yml: change one of the two`,
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
  ];
}

function missingIn(service: Service, described: DescribedService): ServiceChange {
  const { datastores } = parseDatastores(described.datastores ?? []);
  return {
    service,
    consumes: [...new Set(described.consumes)].filter((one) => !service.consumes.includes(one)),
    datastores: Object.fromEntries(
      Object.entries(datastores).filter(
        ([purpose]) => service.datastores[purpose as keyof Datastores] === undefined,
      ),
    ),
  };
}

function isEmpty({ consumes, datastores }: ServiceChange): boolean {
  return consumes.length === 0 && Object.keys(datastores).length === 0;
}

/** What the manifest of a service has beyond its description. */
function beyond({ name, consumes, datastores }: Service, described: DescribedService): string[] {
  const wanted = parseDatastores(described.datastores ?? []).datastores;
  return [
    ...consumes
      .filter((provider) => !described.consumes?.includes(provider))
      .map((provider) => `${name} consumes ${provider}`),
    ...DATASTORE_PURPOSES.filter((purpose) => datastores[purpose] && !wanted[purpose]).map(
      (purpose) => `${name} has ${datastores[purpose]} as its ${purpose}`,
    ),
  ];
}

/** The framework and the tokens of a service are code, and that is a person's. */
function otherCode(service: Service, described: DescribedService, codeOf: CodeOf): string[] {
  const code = codeOf(service);
  return (['framework', 'auth'] as const).flatMap((option) => {
    const wanted = described[option];
    return wanted === undefined || wanted === code[option]
      ? []
      : [
          `${service.name} is described with ${option}: ${wanted}, and was made with ${option}: ${code[option]}: change ${service.root}/src/app.ts by hand`,
        ];
  });
}
