import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../platform/environment';
import { recordedTask } from '../testing/service-task';
import { jobSlice, placesOf, sliceOf } from './slice';

describe('a slice', () => {
  const config = {
    services: {
      orders: {
        build: { context: '.' },
        depends_on: { users: null },
        environment: { A: '1' },
        labels: { team: 'shop' },
        networks: { edge: { aliases: ['shop'] } },
        secrets: [{ source: 'token' }],
        volumes: [{ type: 'volume', source: 'data', target: '/data' }],
      },
      users: {},
    },
    networks: { edge: { name: 'acme_edge' }, other: { name: 'acme_other' } },
    volumes: { data: { name: 'acme_data' }, more: {} },
    secrets: { token: { file: '/run/token' }, key: {} },
  };
  const slice = sliceOf(config, 'orders', { image: 'acme/orders:k-1', labels: { a: 'b' } });

  it('contains all that one service needs, and no more', () => {
    expect(slice).toEqual({
      services: {
        orders: {
          environment: { A: '1' },
          image: 'acme/orders:k-1',
          labels: { team: 'shop', a: 'b' },
          networks: { edge: { aliases: ['shop'] } },
          secrets: [{ source: 'token' }],
          volumes: [{ type: 'volume', source: 'data', target: '/data' }],
        },
      },
      networks: { edge: { name: 'acme_edge' } },
      volumes: { data: { name: 'acme_data' } },
      secrets: { token: { file: '/run/token' } },
    });
  });

  it('contains, for a job, the settings, secrets and networks of its service', () => {
    const environment = parseEnvironment(
      'production',
      `services:
  orders: { environment: { LEVEL: 3 }, secrets: { DATABASE_URL: { file: ./url } } }`,
    );
    const services = {
      ...config.services,
      'orders-migrate': {
        command: ['migrate'],
        environment: { DATABASE_URL: 'postgres://here', A: '2' },
        networks: { other: null },
      },
    };
    const { service } = recordedTask();
    const given = { service, environment, image: 'acme/orders:k-1' };
    expect(jobSlice({ ...config, services }, 'orders-migrate', given)).toEqual({
      services: {
        'orders-migrate': {
          command: ['migrate'],
          image: 'acme/orders:k-1',
          labels: {},
          environment: { A: '2', LEVEL: '3', DATABASE_URL_FILE: '/run/secrets/DATABASE_URL' },
          volumes: [{ type: 'volume', target: '/run/secrets' }],
          networks: { edge: null, other: null },
        },
      },
      networks: config.networks,
    });
  });

  it('says in which networks its containers are found', () => {
    expect(placesOf(slice, 'orders', 'acme-orders-1')).toEqual({
      acme_edge: ['acme-orders-1', 'orders', 'shop'],
    });
  });
});
