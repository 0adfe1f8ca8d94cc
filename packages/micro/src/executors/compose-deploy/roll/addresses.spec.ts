import { expect, it } from 'vitest';
import { freeBelow } from './addresses';

const network = (addresses: Record<string, string>, more = {}) => ({
  subnet: '172.20.0.0/16',
  gateway: '172.20.0.1',
  addresses: new Map(Object.entries(addresses)),
  ...more,
});

it.each([
  ['the only container', network({ a: '172.20.0.2' }), 0],
  ['the last of several', network({ b: '172.20.0.2', a: '172.20.0.3' }), 0],
  ['one before others', network({ a: '172.20.0.2', b: '172.20.0.3' }), 0],
  ['one behind a free address', network({ b: '172.20.0.2', a: '172.20.0.4' }), 1],
  ['one behind the first', network({ a: '172.20.0.3' }), 1],
  ['one behind three free addresses', network({ b: '172.20.0.3', a: '172.20.0.6' }), 3],
  ['one that is not in the network', network({ b: '172.20.0.2' }), undefined],
  ['one without a subnet', network({ a: '172.20.0.2' }, { subnet: undefined }), undefined],
  ['one whose gateway is not told', network({ a: '172.20.0.2' }, { gateway: undefined }), 0],
  [
    'one behind a gateway that is not the first',
    network({ a: '172.20.0.3', b: '172.20.0.1' }, { gateway: '172.20.0.2' }),
    0,
  ],
  [
    'one beyond 256 others',
    network({
      ...Object.fromEntries(
        Array.from({ length: 255 }, (_, at) => [
          `c${at}`,
          `172.20.${at > 253 ? 1 : 0}.${(at + 2) % 256}`,
        ]),
      ),
      a: '172.20.1.1',
    }),
    0,
  ],
])('%s', (_, where, free) => {
  expect(freeBelow(where, 'a')).toBe(free);
});
