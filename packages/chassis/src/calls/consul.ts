import { z } from 'zod';
import { shortConnections } from '../connections/short-connections.js';
import { DiscoveryError, type Discover } from './discovery.js';

export interface ConsulOptions {
  /** The address of a Consul agent: `http://localhost:8500`. */
  url: string;
  /** Sent as `X-Consul-Token`. */
  token?: string;
  datacenter?: string;
  /** Only instances with this tag. */
  tag?: string;
  protocol?: 'http' | 'https';
  /** How long an answer is used before Consul is asked again. Default 5000. */
  cacheMs?: number;
  /** Default 2000. */
  timeoutMs?: number;
}

// https://developer.hashicorp.com/consul/api-docs/health#list-service-instances-for-service
const answer = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({ Address: z.string(), Port: z.number().int().min(1).max(65535) }),
  }),
);

interface Known {
  urls: readonly string[];
  until: number;
  next: number;
}

/**
 * Finds services in Consul: the instances whose checks pass, in turn. If Consul does not answer, the last known
 * instances are used.
 */
export function fromConsul({
  url,
  token,
  datacenter,
  tag,
  protocol = 'http',
  cacheMs = 5000,
  timeoutMs = 2000,
}: ConsulOptions): Discover {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<Known>>();

  async function ask(service: string): Promise<Known> {
    const target = new URL(`/v1/health/service/${encodeURIComponent(service)}`, url);
    target.searchParams.set('passing', 'true');
    if (datacenter) target.searchParams.set('dc', datacenter);
    if (tag) target.searchParams.set('tag', tag);
    const response = await fetch(target, {
      headers: token ? { 'x-consul-token': token } : {},
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher: shortConnections(),
    });
    if (!response.ok) throw new DiscoveryError(`Consul answered with ${response.status}`);
    const urls = answer.parse(await response.json()).map(({ Node, Service }) => {
      // An empty service address means that of the node, as Consul's documentation says.
      const address = Service.Address || Node.Address;
      const host = address.includes(':') ? `[${address}]` : address;
      return `${protocol}://${host}:${Service.Port}`;
    });
    const found = { urls, until: performance.now() + cacheMs, next: 0 };
    known.set(service, found);
    return found;
  }

  /** At most one running query per service. */
  function refresh(service: string): Promise<Known> {
    const running = asking.get(service);
    if (running) return running;
    const started = ask(service).finally(() => asking.delete(service));
    asking.set(service, started);
    return started;
  }

  async function instances(service: string): Promise<Known> {
    const last = known.get(service);
    if (last && last.until > performance.now()) return last;
    try {
      return await refresh(service);
    } catch (error) {
      if (last) return extend(last, cacheMs);
      throw new DiscoveryError(`Consul could not be asked for "${service}"`, { cause: error });
    }
  }

  return async (service) => {
    const found = await instances(service);
    const chosen = found.urls[found.next++ % found.urls.length];
    if (!chosen) throw new DiscoveryError(`Consul knows no healthy instance of "${service}"`);
    return chosen;
  };
}

/** Keeps using the known instances, and asks again only after `cacheMs`, not once per call. */
function extend(known: Known, cacheMs: number): Known {
  known.until = performance.now() + cacheMs;
  return known;
}
