import { atPorts, type Json, proxyIn } from './proxy-routes';

/** The configuration of an edge with other ports at which it reaches a service. */
export function withPorts(config: Json, service: string, ports: readonly number[]): Json {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const proxy = proxyIn(value as Json);
    if (proxy && leadsTo(proxy['dynamic_upstreams'] as Upstreams, service)) {
      return atPorts(proxy, service, ports);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  return visit(config) as Json;
}

/** The ports at which an edge reaches a service; none if it does not publish it. */
export function dialledPorts(config: Json, service: string): number[] {
  const found = new Set<number>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (key === 'dynamic_upstreams' && leadsTo(item as Upstreams, service)) {
        for (const { port } of sourcesOf(item as Upstreams)) found.add(Number(port));
      } else visit(item);
    }
  };
  visit(config);
  return [...found].sort((a, b) => a - b);
}

interface Upstreams {
  source: string;
  name?: string;
  port?: string;
  sources?: Upstreams[];
}

function sourcesOf(upstreams: Upstreams): Upstreams[] {
  return upstreams.sources ?? [upstreams];
}

function leadsTo(upstreams: Upstreams, service: string): boolean {
  return sourcesOf(upstreams).some(({ name }) => name === service);
}
