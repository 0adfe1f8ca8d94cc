import type { Problem } from '../../platform/problem';
import { isOnChassis, type EventOptions } from '../event/options';
import type { PlatformDescription } from './description';
import { planEvents } from './event-plan';
import { planServices, type PlatformFacts, type ServicesPlan } from './service-plan';

/** What has to be done for the workspace to hold what a description says. */
export interface PlatformPlan extends ServicesPlan {
  /** How many services the description has. */
  described: number;
  /** Events to add, each with only the services that it lacks. */
  events: readonly EventOptions[];
}

/**
 * Compares a description with the workspace: the manifests stay the source, so what they lack is
 * added, and what they say otherwise is a problem.
 */
export function planPlatform(
  description: PlatformDescription,
  facts: PlatformFacts,
): { plan: PlatformPlan; problems: readonly Problem[] } {
  const { plan, after, problems } = planServices(description, facts);
  const isThere = new Set(facts.services.map(({ name }) => name));
  const events = planEvents(description, {
    ...facts,
    services: after,
    projects: new Map([
      ...facts.projects,
      ...after.map((service) => [service.name, service] as const),
    ]),
    isOnChassis: (service) => !isThere.has(service.name) || isOnChassis(service, facts.read),
  });
  const touched = new Set(events.add.flatMap(usersOf));
  return {
    plan: {
      ...plan,
      described: description.services.length,
      events: events.add,
      keep: plan.keep.filter(({ name }) => !touched.has(name)),
      left: [...plan.left, ...events.left],
    },
    problems: [...problems, ...events.problems],
  };
}

function usersOf({ publisher, subscribers }: EventOptions): string[] {
  return [...(publisher ? [publisher] : []), ...subscribers].map(({ name }) => name);
}
