import { expect, test } from 'vitest';
import { unsupportedSettings } from './unsupported';

type Kind = 'service' | 'datastore' | 'broker' | 'job';
const rendered = (kind: Kind) => ({
  name: 'one',
  kind,
  service: 'orders',
  objects: [],
  secret: { variables: [], files: [] },
});

const VOLUME = { type: 'volume', source: 'data', target: '/data' };
const BIND = { type: 'bind', source: '/srv/data', target: '/data' };

test.each<[Kind, Record<string, unknown>, string[]]>([
  ['service', { image: 'a', tmpfs: ['/tmp'], read_only: true, cap_drop: ['ALL'] }, []],
  ['service', { privileged: false, configs: [], extra_hosts: {}, secrets: null }, []],
  ['service', { env_file: [{ path: 'a.env' }], volumes: [VOLUME] }, ['env_file', 'volumes']],
  ['service', { privileged: true, network_mode: 'host' }, ['network_mode', 'privileged']],
  ['job', { volumes: [BIND] }, ['volumes']],
  ['datastore', { cap_add: ['CHOWN'], volumes: [VOLUME] }, []],
  ['broker', { cap_add: ['CHOWN'], volumes: [VOLUME] }, []],
  ['broker', { devices: ['/dev/sda'], volumes: [BIND] }, ['devices', 'volumes']],
  [
    'datastore',
    { env_file: [{ path: 'a.env' }], volumes: [VOLUME, BIND] },
    ['env_file', 'volumes'],
  ],
])('a %s with %j lacks a place for %j', (kind, entry, keys) => {
  const found = unsupportedSettings([rendered(kind)], { services: { one: entry } });
  expect(found).toEqual(keys.map((key) => ({ service: 'orders', entry: 'one', key })));
});
