import { elsewhere, type AnyEnvironment } from '../../platform/environment';
import { describeShare } from '../../platform/canary';
import type { Platform, Service } from '../../platform/platform';
import type { Health, ServiceStatus } from './document';

/** What a report of Kubernetes and one of ECS are made from. */
export interface SharedFacts {
  platform: Platform;
  /** The image keys that were last pushed for the environment, by service. */
  pushed: ReadonlyMap<string, string>;
  /** Those that were last built here. */
  built: ReadonlyMap<string, string>;
  /** How many commits the workspace is ahead of a revision; absent if git cannot tell. */
  commitsSince: ReadonlyMap<string, number>;
  commit?: string;
}

/**
 * How many replicas a service should have.
 *
 * @param scaled how many its autoscaler asked for last; absent if the service is not there.
 */
export function wantedReplicas(
  service: Pick<Service, 'replicas'>,
  here: { replicas?: number; autoscale?: { min: number } } | undefined,
  scaled: number | undefined,
): number {
  return here?.autoscale ? (scaled ?? here.autoscale.min) : (here?.replicas ?? service.replicas);
}

/** How a service is, on an engine or on a cluster. */
export function stateOf(
  isDeployed: boolean,
  drift: readonly string[],
  isCompared: boolean,
): ServiceStatus['state'] {
  if (!isDeployed) return 'not-deployed';
  if (drift.length > 0) return 'drifted';
  return isCompared ? 'in-step' : 'not-compared';
}

/** Why a service of which nothing was pushed from here is not compared, and what to do. */
export function pushedNothing({ name }: Pick<AnyEnvironment, 'name'>): string {
  return `nothing to compare with: this workspace pushed nothing for ${name} yet. Run nx docker-push -c ${name}`;
}

/** A build that was not pushed is not wanted yet, but is on its way. */
export function notPushed(built: string | undefined, pushed: string | undefined): string[] {
  return built !== undefined && pushed !== undefined && built !== pushed
    ? [`built but not pushed: ${built.slice(0, 12)}`]
    : [];
}

/** A note for each service that the environment does not run. */
export function elsewhereNotes({ services }: Platform, environment: AnyEnvironment): string[] {
  return services.flatMap(({ name }) => {
    const url = elsewhere(environment, name);
    return url === undefined ? [] : [`${name} runs elsewhere: ${url}`];
  });
}

const WORST_FIRST = ['restarting', 'unhealthy', 'starting', 'unchecked', 'healthy'] as const;

/** `down` if there is none. */
export function worstHealth(each: readonly Health[]): Health {
  return WORST_FIRST.find((health) => each.includes(health)) ?? 'down';
}

/** The first of some times, ISO 8601; those that are not known do not count. */
export function earliest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .flatMap((time) => time ?? [])
    .sort()
    .at(0);
}

/** Without the keys that have no value. */
export function defined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined),
  ) as Partial<Value>;
}

/** A canary, as one of the ways in which a service differs from what is declared. */
export function describeCanary(canary: NonNullable<ServiceStatus['canary']>): string {
  const what = `a canary (${canary.key.slice(0, 12)})`;
  return canary.ready
    ? `${describeShare(canary.weight, canary.header)} go to ${what}`
    : `the start of ${what} was interrupted: it gets no requests`;
}
