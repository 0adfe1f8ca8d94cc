import { expect, it } from 'vitest';
import { recordingRunner } from '../testing/recording-runner';
import { readNetwork } from './networks';

it.each([
  [
    'subnet, gateway and addresses',
    {
      IPAM: {
        Config: [{ Subnet: 'fd00::/64' }, { Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' }],
      },
      Containers: { a: { IPv4Address: '172.20.0.2/16' }, b: { IPv4Address: '' } },
    },
    {
      subnet: '172.20.0.0/16',
      gateway: '172.20.0.1',
      addresses: new Map([['a', '172.20.0.2']]),
    },
  ],
  ['that there are none', { IPAM: { Config: null }, Containers: null }, { addresses: new Map() }],
])('reads %s', async (_, json, network) => {
  const runner = recordingRunner(() => ({ stdout: JSON.stringify([json]) }));
  expect(await readNetwork(runner, { context: 'far' }, 'acme_edge')).toEqual(network);
  expect(runner.lines).toEqual(['docker --context far network inspect acme_edge']);
});
