import { backingHosts, type Service } from '../../platform/platform';
import type { Problem } from '../../platform/problem';
import {
  planService,
  type OptionProblem,
  type ServiceOptions,
  type WorkspaceFacts,
} from '../service/options';
import type { DescribedService, PlatformDescription } from './description';
import type { Route } from './route';
import {
  compareService,
  isEmpty,
  type ServiceChange,
  type ServiceFacts,
} from './service-comparison';

/** What has to be done for the workspace to hold what the description says. */
export interface PlatformPlan {
  create: readonly NewService[];
  change: readonly ServiceChange[];
  /** Described services that are already as described. */
  keep: readonly Service[];
  /** What the workspace has beyond the description, in words; it stays. */
  undescribed: readonly string[];
  /** What only a person can do, in words. */
  left: readonly string[];
}

export interface NewService extends ServiceOptions {
  routes: readonly Route[];
}

/**
 * Compares a description with the workspace: the manifests stay the source, so what they lack is
 * added, and what they say otherwise is a problem.
 */
export function planPlatform(
  { services, source }: PlatformDescription,
  facts: WorkspaceFacts,
  factsOf: (service: Service) => ServiceFacts,
): { plan: PlatformPlan; problems: readonly Problem[] } {
  const known = withDescribed(facts, services);
  const existing = new Map(facts.services.map((service) => [service.name, service]));
  const create: NewService[] = [];
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
      const compared = compareService(service, described, factsOf(service), known);
      report(name, compared.problems);
      if (isEmpty(compared.change)) keep.push(service);
      else change.push(compared.change);
      undescribed.push(...compared.undescribed);
      left.push(...compared.left);
      continue;
    }
    const { routes = [], ...schema } = described;
    const planned = planService(schema, known);
    report(name, planned.problems);
    if (!planned.options) continue;
    create.push({ ...planned.options, routes });
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
