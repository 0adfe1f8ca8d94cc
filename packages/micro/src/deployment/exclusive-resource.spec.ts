import { expect, it } from 'vitest';
import { exclusiveResource } from './exclusive-resource';

it.each([
  [{}, undefined],
  [{ ports: [{ target: 3001 }] }, undefined],
  [{ ports: [{ target: 3001, published: '0' }] }, undefined],
  [{ ports: [{ target: 3001, published: '8080' }] }, 'port 8080 of the host'],
  [{ network_mode: 'host' }, 'network_mode host'],
  [{ networks: { edge: null, backend: { aliases: ['x'] } } }, undefined],
  [{ networks: { edge: { ipv4_address: '10.0.0.9' } } }, 'a fixed address'],
])('exclusiveResource(%j) is %s', (entry, expected) => {
  expect(exclusiveResource(entry, 2)).toBe(expected);
});

it.each<[object[], number, string | undefined]>([
  [[], 1, undefined],
  [[{ type: 'bind', source: '/etc', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x', read_only: true }], 1, undefined],
  [[{ type: 'volume', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x' }], 1, 'the volume "data", which it writes to'],
  [[{ type: 'volume', source: 'data', target: '/x' }], 2, undefined],
])('with the volumes %j and %i replicas, two cannot have %s', (volumes, replicas, expected) => {
  expect(exclusiveResource({ volumes }, replicas)).toBe(expected);
});
