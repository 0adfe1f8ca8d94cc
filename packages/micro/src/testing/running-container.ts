import type { RunningContainer } from '../deployment/container';

/** A healthy container of the service `orders`, unless `some` says otherwise. */
export function runningContainer(some: Partial<RunningContainer> = {}): RunningContainer {
  return {
    id: 'a',
    name: 'acme-orders-1',
    service: 'orders',
    state: 'running',
    health: 'healthy',
    restarts: 0,
    labels: {},
    networks: { edge: { aliases: ['orders'], names: ['acme-orders-1', some.service ?? 'orders'] } },
    ports: [],
    image: 'acme/orders:k-one',
    imageId: 'sha256:one',
    startedAt: '2026-11-21T11:00:00.5Z',
    environment: {},
    mounts: [],
    ...some,
  };
}
