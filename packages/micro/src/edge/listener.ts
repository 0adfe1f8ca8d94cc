import type { Publication } from './publication';

/** The port of the edge's own health check, inside its container. */
export const HEALTH_PORT = 8000;
/** The first port on which the edge listens inside its container: one port for each port of the host. */
const FIRST_PORT = HEALTH_PORT + 1;

/** A port of the host that the edge holds. */
export interface EdgeListener {
  /** Address of the host; absent for all. */
  address?: string;
  /** Port of the host; 0 for any that is free. */
  published: number;
  /** Port in the edge's container. */
  target: number;
  protocol: 'http' | 'https';
  /**
   * What is published on this port. A publication without hosts is reached by any host name, and is then the only one.
   */
  publications: readonly Publication[];
}

/** The ports of the host that the edge holds, in a fixed order: equal publications give equal listeners. */
export function listenersFor(publications: readonly Publication[]): EdgeListener[] {
  const found = new Map<string, Omit<EdgeListener, 'target'>>();
  const add = (
    publication: Publication,
    protocol: EdgeListener['protocol'],
    published: number | undefined,
    address: string | undefined,
  ) => {
    if (published === undefined) return;
    const own = published === 0 ? `0 ${publication.service}` : String(published);
    const key = `${address ?? ''} ${own}`;
    const before = found.get(key);
    found.set(key, {
      ...(address === undefined ? {} : { address }),
      published,
      protocol,
      publications: [...(before?.publications ?? []), publication],
    });
  };
  // Sorted, because another order would be another configuration.
  const sorted = [...publications].sort((a, b) => (a.service < b.service ? -1 : 1));
  for (const publication of sorted) {
    const { publish } = publication;
    if (publish.kind === 'port') add(publication, 'http', publish.port, publish.address);
    else {
      add(publication, 'http', publish.http, publish.address);
      add(publication, 'https', publish.https, publish.address);
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, listener], index) => ({ ...listener, target: FIRST_PORT + index }));
}
