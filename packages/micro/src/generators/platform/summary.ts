import type { EventOptions } from '../event/options';
import type { PlatformPlan } from './plan';
import { pathOf } from '../../platform/route';
import type { ServiceChange } from './service-comparison';

/** What was done, in a few lines: created, changed, kept, no longer described, left to a person. */
export function formatSummary(file: string, plan: PlatformPlan): string {
  const { create, change, events, keep, undescribed, left } = plan;
  const lines = [
    ...section('created', [formatNames(create)]),
    ...section('changed', change.map(formatChange)),
    ...section('events', events.map(formatEvent)),
    ...section('kept', [formatNames(keep)]),
    ...section('not described, kept', undescribed),
    ...section('left to you', left),
  ];
  return [
    `${file}: ${plan.described} ${plan.described === 1 ? 'service' : 'services'}`,
    ...lines,
  ].join('\n');
}

function formatChange({
  service,
  consumes,
  overGrpc,
  datastores,
  routes,
  broker,
}: ServiceChange): string {
  const added = [
    ...(consumes.length > 0 ? [`consumes ${consumes.join(', ')}`] : []),
    ...(overGrpc.length > 0 ? [`consumes ${overGrpc.join(', ')} over gRPC`] : []),
    ...Object.entries(datastores).map(([purpose, engine]) => `${purpose} ${engine}`),
    ...(routes.length > 0 ? [`routes ${routes.map(pathOf).join(', ')}`] : []),
    ...(broker ? [`broker ${broker}`] : []),
  ];
  return `${service.name}: ${added.join('; ')}`;
}

function formatEvent({ event, publisher, subscribers }: EventOptions): string {
  const users = [
    ...(publisher ? [`published by ${publisher.name}`] : []),
    ...(subscribers.length > 0
      ? [`handled by ${subscribers.map(({ name }) => name).join(', ')}`]
      : []),
  ];
  return [event, users.join('; ')].filter((part) => part !== '').join(': ');
}

/** The maximum number of services that are listed; of the rest, only the number is shown. */
const NAMED = 12;

function formatNames(services: readonly { name: string }[]): string {
  const named = services.slice(0, NAMED).map(({ name }) => name);
  const more = services.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function section(title: string, items: readonly string[]): string[] {
  const named = items.filter((item) => item !== '');
  if (named.length === 0) return [];
  return named.length === 1
    ? [`  ${title}: ${named[0]}`]
    : [`  ${title}:`, ...named.map((item) => `    ${item}`)];
}
