import type { Environment } from '../../platform/environment';
import type { Service } from '../../platform/platform';
import { entryLabel, whyExclusive, type ComposeEntry } from '../../deployment/entry';
import type { Wanted } from '../../deployment/plan';

/** How many containers a service has in an environment, and what only one of them can have. */
export function replicasOf(
  service: Service,
  environment: Environment,
  entry: ComposeEntry,
): { replicas: number; exclusive?: string } {
  const replicas = environment.services[service.name]?.replicas ?? service.replicas;
  const exclusive = whyExclusive(entry, replicas);
  // A port of the host belongs to one container, as in the compose file that sync derives.
  return exclusive === undefined ? { replicas } : { replicas: 1, exclusive };
}

/** What a service should be in an environment, by its rendered entry and the key of its image. */
export function entryWanted(
  service: Service,
  environment: Environment,
  key: string,
  entry: ComposeEntry,
): Wanted {
  const { replicas, exclusive } = replicasOf(service, environment, entry);
  return { key, entryLabel: entryLabel(entry), replicas, exclusive: exclusive !== undefined };
}
