import type { DesiredState } from '../deployment/desired-state';

/** The desired state of a service `orders`: one container of the image `one`. */
export function desiredState(more: Partial<DesiredState> = {}): DesiredState {
  return {
    service: 'orders',
    key: 'one',
    image: 'acme/orders:k-one',
    source: 'engine',
    entryLabel: 'a=1',
    replicas: 1,
    slice: { services: {} },
    noted: { services: {} },
    template: '',
    needs: new Map(),
    needNetworks: new Map(),
    jobs: [],
    ownJobs: new Map(),
    ...more,
  };
}

/** A slice of `orders` that is found in these networks. */
export function sliceIn(...networks: string[]): DesiredState['slice'] {
  const attached = Object.fromEntries(networks.map((name) => [name, null]));
  return { services: { orders: { networks: attached } } };
}
