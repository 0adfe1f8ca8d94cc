import type { Service } from '../platform/platform';
import { reaches } from '../platform/reach';

/** Which services of a run each one waits for before it is rolled, in an order in which they can be. */
export type RollOrder = ReadonlyMap<string, readonly string[]>;

/**
 * Providers go before their consumers. If links form a cycle, the service that closes it, in the order of names, does
 * not wait.
 *
 * @param services those of the run; links to others do not count.
 */
export function rollOrder(services: readonly Pick<Service, 'name' | 'consumes'>[]): RollOrder {
  const sorted = [...services].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(sorted.map(({ name }) => name));
  const waits = new Map<string, string[]>(sorted.map(({ name }) => [name, []]));
  const waitsFor = (name: string) => waits.get(name) ?? [];
  for (const { name, consumes } of sorted) {
    for (const provider of [...consumes].sort()) {
      const isNew = names.has(provider) && !waits.get(name)!.includes(provider);
      if (isNew && !reaches(waitsFor, provider, name)) waits.get(name)!.push(provider);
    }
  }
  const ordered = new Map<string, readonly string[]>();
  const visit = (name: string) => {
    if (ordered.has(name)) return;
    waits.get(name)!.forEach(visit);
    ordered.set(name, waits.get(name)!);
  };
  [...waits.keys()].forEach(visit);
  return ordered;
}
