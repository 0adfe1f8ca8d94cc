import type { Environment } from '../../platform/environment';
import type { Service } from '../../platform/platform';
import { entryLabel, isExclusive, type ComposeEntry } from './entry';
import type { Wanted } from './plan';

/** What a service should be in an environment, by its rendered entry and the key of its image. */
export function wantedOf(
  service: Service,
  environment: Environment,
  key: string,
  entry: ComposeEntry,
): Wanted {
  const exclusive = isExclusive(entry);
  const replicas = environment.services[service.name]?.replicas ?? service.replicas;
  // A port of the host belongs to one container, as in the compose file that sync derives.
  return { key, entryLabel: entryLabel(entry), replicas: exclusive ? 1 : replicas, exclusive };
}
