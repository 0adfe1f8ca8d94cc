import type { CanaryShare } from '../deployment/canary';
import { portMappingsOf, type ComposeEntry, type PortMapping } from '../deployment/entry';
import { usesEdge } from '../platform/edge-options';
import type { Environment } from '../platform/environment';
import { elsewhere } from '../platform/environment';
import type { Service } from '../platform/platform';
import type { Publish } from '../platform/publish';
import { PRIVATE_NETWORKS, TRUST_PROXY } from '../platform/trusted-proxies';

/** A service that people reach through the edge. */
export interface Publication {
  service: string;
  /** Its port in the platform's networks. */
  port: number;
  /** What its containers listen on by now, if that is not the port of its manifest alone. */
  ports?: readonly number[];
  publish: Publish;
  /** A new version beside it, and which requests that gets. */
  canary?: CanaryRoute;
}

/** Where the requests for a canary go. */
export interface CanaryRoute {
  /** The name under which its containers are found. */
  service: string;
  ports: readonly number[];
  share: CanaryShare;
}

/** Whether a mapping publishes the service itself, and not for example its debugger. */
export function isOfService({ target, protocol = 'tcp' }: PortMapping, port: number): boolean {
  return target === port && protocol === 'tcp';
}

/** Whether the edge can reach an entry: not in the host's own network. */
function isReachable(entry: ComposeEntry): boolean {
  return typeof entry['network_mode'] !== 'string';
}

/**
 * What the edge publishes for a service: what the environment says, otherwise the ports in the service's entry.
 *
 * @param entry as rendered, with its ports; the environment's `portOffset` is added to them here.
 */
export function publicationsOf(
  { name, port }: Pick<Service, 'name' | 'port'>,
  environment: Pick<Environment, 'edge' | 'services' | 'links' | 'portOffset'>,
  entry: ComposeEntry | undefined,
): Publication[] {
  if (!usesEdge(environment) || elsewhere(environment, name) !== undefined) return [];
  if (!entry || !isReachable(entry)) return [];
  const said = environment.services[name]?.publish;
  if (said) return [{ service: name, port, publish: said }];
  return portMappingsOf(entry)
    .filter((mapping) => isOfService(mapping, port))
    .flatMap(({ published = '0', host_ip: address = '0.0.0.0' }) => {
      const first = Number(published);
      // A range of ports gives each container of an entry its own port.
      if (!Number.isInteger(first)) return [];
      const shifted = first === 0 ? 0 : first + environment.portOffset;
      const publish: Publish = { kind: 'port', address, port: shifted };
      return [{ service: name, port, publish }];
    });
}

/**
 * The entry of a service behind the edge: without the ports that the edge publishes for it, and with `TRUST_PROXY` set
 * to the private networks unless it is set already.
 */
export function behindEdge(
  entry: ComposeEntry,
  { port }: Pick<Service, 'port'>,
  { edge }: Pick<Environment, 'edge'>,
): ComposeEntry {
  const ports = portMappingsOf(entry).filter((mapping) => !isOfService(mapping, port));
  const { ports: _all, ...rest } = entry;
  const trusted = [...PRIVATE_NETWORKS, ...((edge || undefined)?.trustedProxies ?? [])];
  return {
    ...rest,
    ...(ports.length > 0 ? { ports } : {}),
    environment: {
      [TRUST_PROXY]: trusted.join(','),
      ...(entry['environment'] as object | undefined),
    },
  };
}
