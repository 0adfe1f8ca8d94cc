import { describe, expect, it } from 'vitest';
import { groupByClosing, type Resource, type ResourceKind } from './resource.js';

const resource = (name: string, kind: ResourceKind): Resource => ({
  name,
  kind,
  check: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

describe('groupByClosing', () => {
  it('closes relays before brokers before caches before databases', () => {
    const groups = groupByClosing([
      resource('orders', 'database'),
      resource('cache', 'cache'),
      resource('events', 'broker'),
      resource('outbox', 'relay'),
      resource('reports', 'database'),
    ]);
    const names = groups.map((group) => group.map(({ name }) => name));
    expect(names).toEqual([['outbox'], ['events'], ['cache'], ['orders', 'reports']]);
  });

  it('leaves out kinds that do not exist', () => {
    expect(groupByClosing([])).toEqual([]);
    expect(groupByClosing([resource('orders', 'database')])).toHaveLength(1);
  });
});
