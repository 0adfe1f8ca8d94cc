import { BROKER_NAME } from '../platform/datastore';
import type { LiveObjects } from './object-plan';
import type { Container } from './container';

interface HasContainers {
  spec?: { template?: { spec?: { containers?: readonly Container[] } } };
}

/**
 * The Secret with which the broker of the cluster was started; `undefined` if none runs, or it needs no Secret. A deploy
 * never replaces a broker that runs, so it may be an older one than that of today's values.
 */
export function runningBrokerSecret(live: LiveObjects): string | undefined {
  const set = live.get(`StatefulSet/${BROKER_NAME}`) as HasContainers | undefined;
  const variables = set?.spec?.template?.spec?.containers?.[0]?.env ?? [];
  return variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? [])[0];
}
