import { expect, it } from 'vitest';
import { recordingRunner } from '../testing/recording-runner';
import { readNetworks } from './networks';

it('reads subnet, gateway and addresses', async () => {
  const runner = recordingRunner(() => ({
    stdout: JSON.stringify([
      {
        Name: 'acme_edge',
        IPAM: {
          Config: [{ Subnet: 'fd00::/64' }, { Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' }],
        },
        Containers: { a: { IPv4Address: '172.20.0.2/16' }, b: { IPv4Address: '' } },
      },
      { Name: 'host', IPAM: { Config: null }, Containers: null },
    ]),
  }));
  expect(await readNetworks(runner, { context: 'far' }, ['acme_edge', 'host'])).toEqual(
    new Map([
      [
        'acme_edge',
        {
          name: 'acme_edge',
          subnet: '172.20.0.0/16',
          gateway: '172.20.0.1',
          addresses: new Map([['a', '172.20.0.2']]),
        },
      ],
      ['host', { name: 'host', addresses: new Map() }],
    ]),
  );
  expect(runner.lines).toEqual(['docker --context far network inspect acme_edge host']);
});

it('asks nothing about none', async () => {
  const runner = recordingRunner();
  expect(await readNetworks(runner, {}, [])).toEqual(new Map());
  expect(runner.lines).toEqual([]);
});
