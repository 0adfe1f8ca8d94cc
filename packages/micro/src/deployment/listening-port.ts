import type { Container } from './container';
import type { DesiredState } from './desired-state';
import { isServing } from './container';
import { DEPLOY_LABELS } from './labels';

/** The port that a container listens on; unknown of one that an earlier version deployed. */
export function portOf({ labels }: Pick<Container, 'labels'>): number | undefined {
  const label = labels[DEPLOY_LABELS.port];
  return label === undefined ? undefined : Number(label);
}

/** The port that a service will listen on: of a release from before it was noted, its variable `PORT` says so. */
export function portOfState({ slice, service }: DesiredState): number | undefined {
  const { labels, environment } = (slice.services[service] ?? {}) as {
    labels?: Record<string, string>;
    environment?: Record<string, string | null>;
  };
  const text = labels?.[DEPLOY_LABELS.port] ?? environment?.['PORT'] ?? undefined;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The ports that the containers of a service listen on which serve now, in order; none if that is not known. */
export function servedPorts(containers: readonly Container[], service: string): number[] {
  const own = containers.filter((one) => one.service === service && isServing(one));
  return [...new Set(own.flatMap((one) => portOf(one) ?? []))].sort((a, b) => a - b);
}
