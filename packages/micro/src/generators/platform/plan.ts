import { manifestSchema } from '../../platform/manifest';
import { backingHosts, type Service } from '../../platform/platform';
import type { Problem } from '../../platform/problem';
import type { ReadFile } from '../../platform/workspace';
import { EVENT_BROKER } from '../event/add-event';
import { isOnChassis, type EventOptions } from '../event/options';
import type { OptionProblem } from '../option-problem';
import {
  planService,
  type ServiceOptions,
  type ServiceSchema,
  type WorkspaceFacts,
} from '../service/options';
import type { DescribedService, PlatformDescription } from './description';
import { planEvents } from './event-plan';
import type { Route } from './route';
import { compareService, isEmpty, type ServiceChange } from './service-comparison';

/** What has to be done for the workspace to hold what the description says. */
export interface PlatformPlan {
  /** How many services the description has. */
  described: number;
  create: readonly NewService[];
  change: readonly ServiceChange[];
  /** Events to add, each with only the services that it lacks. */
  events: readonly EventOptions[];
  /** Described services that are already as described. */
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

export interface NewService extends ServiceOptions {
  routes: readonly Route[];
}

/**
 * Compares a description with the workspace: the manifests stay the source, so what they lack is
 * added, and what they say otherwise is a problem.
 */
export function planPlatform(
  description: PlatformDescription,
  facts: PlatformFacts,
): { plan: PlatformPlan; problems: readonly Problem[] } {
  const { services, source } = description;
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
      const compared = compareService(service, described, known);
      report(name, compared.problems);
      if (isEmpty(compared.change)) keep.push(service);
      else change.push(compared.change);
      undescribed.push(...compared.undescribed);
      left.push(...compared.left);
      continue;
    }
    const { routes = [] } = described;
    const planned = planService(toSchema(described), known);
    report(name, planned.problems);
    if (!planned.options) continue;
    create.push({ ...planned.options, routes });
    known.ports.set(planned.options.port, name);
    known.projects.set(name, { root: planned.options.root });
  }
  const after = servicesAfter(facts.services, change, create);
  for (const { name, message } of namesOfHosts(after)) report(name, [{ path: [], message }]);
  const made = new Set(after.map(({ name }) => name));
  // An event of a service that cannot be made has no further problem of its own.
  const failed = new Set(services.map(({ name }) => name).filter((name) => !made.has(name)));
  const sound = description.events.filter(
    ({ publisher, subscribers }) => ![publisher, ...subscribers].some((name) => failed.has(name)),
  );
  const events = planEvents(
    { events: sound, source },
    {
      ...known,
      services: after,
      isOnChassis: (service) => !existing.has(service.name) || isOnChassis(service, facts.read),
    },
  );
  problems.push(...events.problems);
  const touched = new Set(events.add.flatMap(usersOf));
  return {
    plan: {
      described: services.length,
      create,
      change,
      events: events.add,
      keep: keep.filter(({ name }) => !touched.has(name)),
      undescribed,
      left: [...left, ...events.left],
    },
    problems,
  };
}

function toSchema({
  routes: _,
  publishes,
  subscribes,
  ...schema
}: DescribedService): ServiceSchema {
  return publishes.length + subscribes.length > 0 ? { broker: EVENT_BROKER, ...schema } : schema;
}

/** The services of the workspace once all is done, but for their events. */
function servicesAfter(
  present: readonly Service[],
  changes: readonly ServiceChange[],
  created: readonly ServiceOptions[],
): Service[] {
  const added = new Map(changes.map(({ service, datastores }) => [service.name, datastores]));
  return [
    ...present.map((service) => ({
      ...service,
      datastores: { ...service.datastores, ...added.get(service.name) },
    })),
    ...created.map(({ name, root, kind, port, consumes, datastores, broker }) => ({
      ...manifestSchema.parse({ kind, port, consumes, datastores, broker }),
      name,
      root,
    })),
  ];
}

function usersOf({ publisher, subscribers }: EventOptions): string[] {
  return [...(publisher ? [publisher] : []), ...subscribers].map(({ name }) => name);
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
