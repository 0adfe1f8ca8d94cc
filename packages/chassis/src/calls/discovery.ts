import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { formatReason } from '../errors/errors.js';

/** The base URL of a service by its name. Rejects if it does not know the service. */
export type Discover = (service: string) => Promise<string>;

/** None of the discovery providers knows the service; the message has the answer of each. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';
}

/** Asks the discovery providers in order; the first that knows the service answers. */
export function inOrder(...providers: readonly Discover[]): Discover {
  return async (service) => {
    const reasons: string[] = [];
    for (const discover of providers) {
      try {
        return await discover(service);
      } catch (error) {
        reasons.push(formatReason(error));
      }
    }
    throw new DiscoveryError(`no URL for "${service}": ${reasons.join('; ')}`);
  };
}

/** The variable with a URL of a service: `MICROSERVICE_USER_PROFILES_URL`, `MICROSERVICE_USER_PROFILES_GRPC_URL`. */
export function urlVariable(service: string, what: 'URL' | 'GRPC_URL' = 'URL'): string {
  return `MICROSERVICE_${service.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()}_${what}`;
}

/**
 * Reads `MICROSERVICE_<NAME>_URL`, which exists for each declared link, or `MICROSERVICE_<NAME>_GRPC_URL`, which exists
 * if the service speaks gRPC.
 */
export function fromEnvironment(
  env: NodeJS.ProcessEnv = process.env,
  what: 'URL' | 'GRPC_URL' = 'URL',
): Discover {
  return (service) => {
    const variable = urlVariable(service, what);
    const url = env[variable];
    return url
      ? Promise.resolve(url)
      : Promise.reject(new DiscoveryError(`${variable} is not set; add the link to service.yml`));
  };
}

export interface DnsOptions {
  /** Appended to the service's name: `default.svc.cluster.local`. */
  domain?: string;
  /**
   * The port of all services. The name is then resolved by the connection, and any name counts as known, so put this
   * last in `inOrder`. Without a port, host and port come from the SRV record `_http._tcp.<service>.<domain>`, by its
   * priority and weight (RFC 2782).
   */
  port?: number;
  protocol?: 'http' | 'https';
  /** The address of a name server to ask instead of the system's: `10.0.0.2`, `10.0.0.2:53`. */
  servers?: readonly string[];
  /** Time limit of each of two attempts. Default 1000. */
  timeoutMs?: number;
}

/** Finds services in DNS, as Kubernetes, Consul and Docker's own networks provide it. */
export function fromDns({
  domain,
  port,
  protocol = 'http',
  servers,
  timeoutMs = 1000,
}: DnsOptions = {}): Discover {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers) resolver.setServers(servers);
  return async (service) => {
    const host = domain ? `${service}.${domain}` : service;
    if (port !== undefined) return `${protocol}://${host}:${port}`;
    const target = chooseSrv(await resolver.resolveSrv(`_http._tcp.${host}`));
    if (!target) throw new DiscoveryError(`_http._tcp.${host} has no SRV record`);
    return `${protocol}://${target.name}:${target.port}`;
  };
}

/**
 * The lowest priority wins. Among equal ones, the choice is random in proportion to the weights. `random` is 0 to 1.
 */
export function chooseSrv(
  records: readonly SrvRecord[],
  random: number = Math.random(),
): SrvRecord | undefined {
  const lowest = Math.min(...records.map((record) => record.priority));
  const best = records.filter((record) => record.priority === lowest);
  // A weight of 0 keeps a small chance, as RFC 2782 asks.
  const weights = best.map((record) => Math.max(record.weight, 0.1));
  let left = random * weights.reduce((sum, weight) => sum + weight, 0);
  return best.find((_, index) => (left -= weights[index] ?? 0) < 0) ?? best.at(-1);
}
