import { EDGE_SERVICE } from '../platform/edge-options';
import { namesSameImage } from '../platform/image-reference';
import type { EdgeFile } from '../edge/edge-content';
import type { CanaryRoute, Publication } from '../edge/publication';
import { canaryName } from '../platform/canary';
import type { CanaryShares } from './canary';
import type { Container } from './container';
import { changedEntryKeys } from './fingerprint';
import { DEPLOY_LABELS } from './labels';
import { portOf, servedPorts } from './listening-port';
import type { ComposeSlice } from './slice';

/** The desired state of the edge. */
export interface WantedEdge {
  image: string;
  /** One hash per key of its entry; if it changes, the container is replaced. */
  entryLabel: string;
  /** The hash of its configuration; if it changes, the running container reloads it. */
  fingerprint: string;
  slice: ComposeSlice;
  /** Files that a running edge tests, and then starts with. */
  next: readonly EdgeFile[];
  files: readonly EdgeFile[];
  publications: readonly Publication[];
}

/** The running edge. */
export interface EdgeState {
  container?: Container;
  /** The fingerprint of its last configuration. */
  fingerprint?: string;
  /** Containers of the edge that get no traffic. */
  leftovers: readonly Container[];
}

/** What to do for the edge, and why. */
export type EdgePlan =
  | { kind: 'none' }
  | { kind: 'keep' }
  | { kind: 'reload'; reason: string }
  | {
      kind: 'create' | 'recreate';
      reason: string;
      /** Services whose own containers hold ports that it takes over. */
      takesFrom: readonly string[];
    }
  | { kind: 'remove'; reason: string };

/** The edge among the containers of a project. */
export function edgeContainers(containers: readonly Container[]): Omit<EdgeState, 'fingerprint'> {
  const own = containers.filter(({ service }) => service === EDGE_SERVICE);
  const container = own.find(({ state }) => state === 'running' || state === 'restarting');
  return {
    ...(container ? { container } : {}),
    leftovers: own.filter((one) => one !== container),
  };
}

/** Published services whose own containers hold their ports, from before the edge or with `edge: false`. */
export function portHolders(
  containers: readonly Container[],
  publications: readonly Publication[],
): string[] {
  const holders = publications.filter(({ service, port }) =>
    containers.some(
      (container) =>
        container.service === service &&
        container.ports.some(({ target }) => target === (portOf(container) ?? port)),
    ),
  );
  return [...new Set(holders.map(({ service }) => service))];
}

/** What containers and deploys say of publications, beside the manifest. */
export interface Serving {
  containers: readonly Container[];
  /** Which requests canaries get. */
  shares: CanaryShares;
  /** More ports of services that are being replaced. */
  moving?: ReadonlyMap<string, readonly number[]> | undefined;
}

/**
 * Publications with the ports that containers listen on now, and with the canaries that run. The manifest of a service
 * may name another port that it has not been deployed with yet.
 */
export function asServed(
  publications: readonly Publication[],
  { containers, shares, moving }: Serving,
): Publication[] {
  return publications.map((publication) => {
    const { service, port } = publication;
    const more = moving?.get(service) ?? [];
    const served = servedPorts(containers, service);
    const ports = [...new Set([...(served.length > 0 ? served : [port]), ...more])];
    const canary = canaryRouteOf(service, containers, shares);
    const now = canary ? { ...publication, canary } : publication;
    if (ports.length === 1 && ports[0] === port) return now;
    return { ...now, ports: ports.sort((a, b) => a - b) };
  });
}

/** A canary that has no share, or no container that serves, gets no requests. */
function canaryRouteOf(
  of: string,
  containers: readonly Container[],
  shares: CanaryShares,
): CanaryRoute | undefined {
  const share = shares.get(of);
  const service = canaryName(of);
  const ports = servedPorts(containers, service);
  return share && ports.length > 0 ? { service, ports, share } : undefined;
}

/**
 * @param wanted nothing if nothing is published, or the environment has no edge.
 * @param holders services whose ports it takes over.
 */
export function planEdge(
  { container, fingerprint }: EdgeState,
  wanted: WantedEdge | undefined,
  holders: readonly string[] = [],
): EdgePlan {
  if (!wanted) {
    return container
      ? { kind: 'remove', reason: 'nothing is published through it any more' }
      : { kind: 'none' };
  }
  const takesFrom = [...holders].sort();
  if (!container) return { kind: 'create', reason: 'it is not running', takesFrom };
  if (!namesSameImage(container.image, wanted.image)) {
    const reason = `its image changed: ${container.image} -> ${wanted.image}`;
    return { kind: 'recreate', reason, takesFrom };
  }
  const label = container.labels[DEPLOY_LABELS.entry] ?? '';
  if (label !== wanted.entryLabel) {
    const keys = changedEntryKeys(label, wanted.entryLabel).join(', ');
    return { kind: 'recreate', reason: `its entry changed: ${keys}`, takesFrom };
  }
  if (container.health === 'unhealthy' || container.state === 'restarting') {
    const state = container.state === 'restarting' ? 'restarting' : 'unhealthy';
    return { kind: 'recreate', reason: `${container.name} is ${state}`, takesFrom };
  }
  return fingerprint === wanted.fingerprint
    ? { kind: 'keep' }
    : { kind: 'reload', reason: 'its configuration changed' };
}

/** What a change of the edge costs, for the person who reads the plan. */
export function describeEdgePlan(plan: EdgePlan): string {
  if (plan.kind === 'none' || plan.kind === 'keep') return 'nothing changed';
  if (plan.kind === 'reload')
    return `${plan.reason}; open streams stay, but a request that arrives in that moment may be cut off`;
  if (plan.kind === 'remove') {
    return `${plan.reason}; its ports do not answer until the services publish them again`;
  }
  const { kind, reason, takesFrom } = plan;
  if (takesFrom.length > 0) {
    return `${reason}; it takes over the published port from ${takesFrom.join(', ')}: connections are refused for about a second, while the edge starts`;
  }
  return kind === 'create'
    ? reason
    : `${reason}; its ports do not answer while the new container starts, about a second, and open connections end`;
}
