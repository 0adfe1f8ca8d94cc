import { type Json, reachedAt } from './proxy-routes';

/** What of a handler depends on how many ports it tries. */
const OF_PORTS = new Set(Object.keys(reachedAt('', [0, 1])));

/** The configuration of an edge with other ports at which it reaches a service. */
export function withPorts(config: Json, service: string, ports: readonly number[]): Json {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const upstreams = (value as { dynamic_upstreams?: Upstreams }).dynamic_upstreams;
    const leads = upstreams !== undefined && leadsTo(upstreams, service);
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        if (!leads || !OF_PORTS.has(key)) return [[key, visit(item)]];
        return key === 'dynamic_upstreams' ? Object.entries(reachedAt(service, ports)) : [];
      }),
    );
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
