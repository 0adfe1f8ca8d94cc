import { contractFile } from '../../platform/contracts-library';
import type { Service } from '../../platform/platform';
import type { Problem } from '../../platform/problem';
import { howToPublish } from '../event/add-event';
import { planEvent, type EventFacts, type EventOptions, type EventSchema } from '../event/options';
import type { DescribedEvent, PlatformDescription } from './description';

export interface EventPlan {
  /** Events that the workspace lacks, each with only the services that it lacks there. */
  add: readonly EventOptions[];
  /** What only a person can do, in words. */
  left: readonly string[];
  problems: readonly Problem[];
}

/** @param facts of the workspace as it will be, but for its events. */
export function planEvents(
  { events, source }: Pick<PlatformDescription, 'events' | 'source'>,
  facts: EventFacts,
): EventPlan {
  const add: EventOptions[] = [];
  const left: string[] = [];
  const problems: Problem[] = [];
  const present = new Map(facts.services.map((service) => [service.name, service]));
  const described = { ...facts, services: facts.services.map(withPublished(events)) };
  for (const event of events) {
    const planned = planEvent(toSchema(event), described);
    problems.push(
      ...planned.problems.map(({ path, message }) => ({
        file: source.file,
        line: source.lineOf(['events', event.name, ...path]),
        message,
      })),
    );
    if (!planned.options) continue;
    const missing = missingIn(planned.options, present);
    const hasContract = facts.read(contractFile(event.name)) !== undefined;
    if (missing.publisher || missing.subscribers.length > 0 || !hasContract) add.push(missing);
    left.push(...whatIsLeft(missing));
  }
  return { add, left, problems };
}

function toSchema({ subscribers, fields, ...event }: DescribedEvent): EventSchema {
  return { ...event, subscribers: [...subscribers], fields: [...fields] };
}

/** Two described events that would have one contract are found as those of the workspace are. */
function withPublished(events: PlatformDescription['events']) {
  return (service: Service): Service => {
    const published = events.filter(({ publisher }) => publisher === service.name);
    return {
      ...service,
      publishes: [...new Set([...service.publishes, ...published.map(({ name }) => name)])],
    };
  };
}

function missingIn(options: EventOptions, present: ReadonlyMap<string, Service>): EventOptions {
  const { event, publisher, subscribers } = options;
  const publishes = publisher && present.get(publisher.name)?.publishes.includes(event);
  return {
    ...options,
    publisher: publishes ? undefined : publisher,
    subscribers: subscribers.filter(({ name }) => !present.get(name)?.subscribes.includes(event)),
  };
}

function whatIsLeft(missing: EventOptions): string[] {
  const publish = howToPublish(missing);
  return [
    ...(publish === undefined ? [] : [publish]),
    ...(missing.keepsFields
      ? [
          `${contractFile(missing.event)} does not match the fields of ${missing.event}, and was kept: edit it, or leave out "fields"`,
        ]
      : []),
    ...(missing.keepsOrder
      ? [
          `${contractFile(missing.event)} has another "orderBy" than ${missing.event}, and was kept: see docs/events.md, "Order", before you change it, or leave out "orderBy"`,
        ]
      : []),
  ];
}
