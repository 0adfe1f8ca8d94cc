import { expect, it } from 'vitest';
import { keepsAddress } from './addresses';

const network = (addresses: Record<string, string>, more = {}) => ({
  subnet: '172.20.0.0/16',
  gateway: '172.20.0.1',
  addresses: new Map(Object.entries(addresses)),
  ...more,
});

it.each([
  ['the only container', network({ a: '172.20.0.2' }), true],
  ['the last of several', network({ b: '172.20.0.2', a: '172.20.0.3' }), true],
  ['one before others', network({ a: '172.20.0.2', b: '172.20.0.3' }), true],
  ['one behind a free address', network({ b: '172.20.0.2', a: '172.20.0.4' }), false],
  ['one behind the first', network({ a: '172.20.0.3' }), false],
  ['one that is not in the network', network({ b: '172.20.0.2' }), false],
  ['one without a subnet', network({ a: '172.20.0.2' }, { subnet: undefined }), false],
  ['one whose gateway is not told', network({ a: '172.20.0.2' }, { gateway: undefined }), true],
  [
    'one behind a gateway that is not the first',
    network({ a: '172.20.0.3', b: '172.20.0.1' }, { gateway: '172.20.0.2' }),
    true,
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
    true,
  ],
])('%s', (_, where, keeps) => {
  expect(keepsAddress(where, 'a')).toBe(keeps);
});
