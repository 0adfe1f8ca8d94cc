import { expect, it } from 'vitest';
import { templateOf } from './slice-template';

const raw = (orders: Record<string, unknown>, more = {}) => ({ services: { orders }, ...more });
const entryOf = (rendered: Record<string, unknown>, written: Record<string, unknown>) =>
  templateOf(raw(rendered), 'orders', raw(written), '/work').services['orders'];

it.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>]>([
  [
    'a password',
    { environment: { URL: 'postgres://o:pw@db/o', PORT: '1' } },
    { environment: { URL: 'postgres://o:${PW:?missing}@db/o', PORT: '1' } },
    { environment: { URL: 'postgres://o:${PW:?missing}@db/o', PORT: '1' } },
  ],
  [
    'a list of variables, one of which is passed on',
    { environment: { URL: 'p:pw', TOKEN: 'secret', B: '1' } },
    { environment: ['URL=p:${PW}', 'TOKEN', 'B=1'] },
    { environment: { URL: 'p:${PW}', TOKEN: null, B: '1' } },
  ],
  [
    'a file of variables',
    { environment: { A: '1', KEY: 'secret' } },
    { env_file: [{ path: '/work/extra.env', required: true }], environment: { A: '1' } },
    { env_file: [{ path: 'extra.env', required: true }], environment: { A: '1' } },
  ],
  [
    'a password in a command, a check and a label',
    {
      command: ['run', 'pw'],
      healthcheck: { test: ['CMD-SHELL', 'x pw'] },
      labels: { a: 'pw', b: '2' },
    },
    { command: 'run ${PW}', healthcheck: { test: 'x ${PW}' }, labels: ['a=${PW}', 'c=3'] },
    { command: 'run ${PW}', healthcheck: { test: 'x ${PW}' }, labels: { a: '${PW}', b: '2' } },
  ],
  [
    'what is no reference: a dollar, and ports and limits as they are deployed',
    { environment: { A: 'a$$b' }, ports: [{ published: '4001' }], deploy: { replicas: 2 } },
    { environment: { A: 'a$$b' }, ports: ['${PORT:-3001}:1'], deploy: { replicas: '${N}' } },
    { environment: { A: 'a$$b' }, ports: [{ published: '4001' }], deploy: { replicas: 2 } },
  ],
  [
    'what the environment adds, which no file of the workspace writes',
    { environment: { A: '1' } },
    {},
    { environment: { A: '1' } },
  ],
])('notes %s', (_, rendered, written, expected) => {
  expect(entryOf(rendered, written)).toEqual(expected);
});

it('notes a reference in the content of a config', () => {
  const slice = { services: { orders: {} }, configs: { cfg: { name: 'c', content: 'pw' } } };
  const written = raw({}, { configs: { cfg: { content: '${PW}' } } });
  expect(templateOf(slice, 'orders', written, '/work').configs).toEqual({
    cfg: { name: 'c', content: '${PW}' },
  });
});

it('notes a reference in the options of a volume or a network, and their names as they are', () => {
  const driver = { driver: 'local' };
  const share = (password: string, name: string) => ({
    volumes: {
      share: {
        name,
        ...driver,
        driver_opts: { type: 'cifs', o: `username=o,password=${password}` },
      },
      own: { name: 'acme_own' },
    },
    networks: {
      edge: { name: 'acme_edge', ...driver, driver_opts: { key: password } },
      none: null,
    },
  });
  const slice = { services: { orders: {} }, ...share('pw', 'acme_share') };
  const { services: _, ...noted } = templateOf(
    slice,
    'orders',
    raw({}, share('${SHARE_PASSWORD}', '${PREFIX}_share')),
    '/work',
  );
  expect(noted).toEqual(share('${SHARE_PASSWORD}', 'acme_share'));
});
