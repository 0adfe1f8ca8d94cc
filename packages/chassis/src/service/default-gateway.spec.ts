import { expect, it } from 'vitest';
import { defaultGateways } from './default-gateway.js';

const FILES: Record<string, string> = {
  '/proc/net/route': [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'eth1\t000012AC\t010012AC\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  ].join('\n'),
  '/proc/net/ipv6_route': [
    `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fd00000000000000000000000000000a 00000400 00000001 00000000 00000003 eth0`,
    `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 00000001 00000000 00200200 lo`,
    `fd000000000000000000000000000000 40 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 00000001 eth0`,
  ].join('\n'),
};

it('reads the routes of Linux', () => {
  expect(defaultGateways((path) => FILES[path] ?? '')).toEqual([
    '172.17.0.1',
    'fd00:0000:0000:0000:0000:0000:0000:000a',
  ]);
});

it('returns nothing if there is none, or the files cannot be read', () => {
  expect(defaultGateways(() => '')).toEqual([]);
  expect(defaultGateways(() => 'nonsense\n\n00000000 zz')).toEqual([]);
});
