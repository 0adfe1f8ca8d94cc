import type { Health, PlatformStatus, ServiceStatus } from './document';

/** Something that a deploy from here should have left otherwise, and why. */
export interface NotRunning {
  name: string;
  why: string;
}

/**
 * What does not run as it was pushed from here, or is not healthy. What was pushed elsewhere cannot be compared from
 * here, so it only has to be healthy.
 */
export function notRunning({ services, backing, edge }: PlatformStatus): NotRunning[] {
  return [
    ...services.flatMap((service) => because(service.name, whyService(service))),
    ...backing.flatMap(({ name, health }) => because(name, whyUnhealthy(health))),
    ...(edge ? because('edge', whyUnhealthy(edge.health)) : []),
  ];
}

/** `status --check --pushed` in one line; the names of services that were pushed from here are in it. */
export function formatPushed(status: PlatformStatus): string {
  const failed = notRunning(status);
  if (failed.length > 0) {
    return `not as deployed: ${failed.map(({ name, why }) => `${name} (${why})`).join('; ')}`;
  }
  const names = status.services.filter(isPushed).map(({ name }) => name);
  return names.length === 0
    ? 'nothing was pushed from here; everything is healthy'
    : `${names.join(', ')}: running as deployed; everything is healthy`;
}

function because(name: string, why: string | undefined): NotRunning[] {
  return why === undefined ? [] : [{ name, why }];
}

function isPushed({ wantedKey }: ServiceStatus): boolean {
  return wantedKey !== undefined;
}

function whyService(service: ServiceStatus): string | undefined {
  const { state, drift, health, canary, wantedKey, replicas } = service;
  if (!isPushed(service) || state === 'in-step') {
    return replicas.wanted === 0 ? undefined : whyUnhealthy(health);
  }
  // It was deployed for a share of the requests; what runs beside it is the version before.
  if (canary?.ready && canary.key === wantedKey) {
    return whyUnhealthy(health) ?? whyUnhealthy(canary.health);
  }
  return drift.join(', ') || state;
}

/** A container that is starting may be one that was restarted by somebody else. */
function whyUnhealthy(health: Health): string | undefined {
  switch (health) {
    case 'down':
      return 'not running';
    case 'unhealthy':
    case 'restarting':
      return health;
    default:
      return undefined;
  }
}
