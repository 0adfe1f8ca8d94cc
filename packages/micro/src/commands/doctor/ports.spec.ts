import { describe, expect, it } from 'vitest';
import { platformOf } from '../../testing/platform';
import { listenersFor } from '../../edge/listener';
import { edgePorts, publishedPorts, publishers, takenPorts, wantedPlatforms } from './ports';

it('publishers: services, datastores and the broker, each with the place where its port is set', () => {
  const platform = platformOf({
    gateway: 'kind: gateway\nport: 3001\n',
    orders: 'port: 3002\nbroker: rabbitmq\ndatastores: { database: postgres }\n',
  });
  const published = '"publish" in environments/staging.yml';
  const ports = '"ports" in environments/staging.compose.yaml';
  expect(publishers(platform, { file: 'environments/staging.yml' })).toEqual(
    new Map([
      ['gateway', published],
      ['orders', published],
      ['orders-database', ports],
      ['broker', ports],
    ]),
  );
});

it('publishedPorts: those of the platform that have a number', () => {
  const entries = {
    gateway: {
      ports: [
        { target: 3000, published: '3000', host_ip: '127.0.0.1' },
        { target: 9229, published: '9229' },
        { target: 9000 },
        { target: 9001, published: '0' },
      ],
    },
    orders: {},
    adminer: { ports: [{ published: '8080' }] },
  };
  const publishers = new Map(['gateway', 'orders', 'users'].map((name) => [name, 'a.yml']));
  expect(publishedPorts(entries, publishers)).toEqual([
    { service: 'gateway', host: '127.0.0.1', port: 3000, chosenIn: 'a.yml', throughEdge: false },
    { service: 'gateway', host: '0.0.0.0', port: 9229, chosenIn: 'a.yml', throughEdge: false },
  ]);
});

it('edgePorts: each once, with all services behind it', () => {
  const host = (service: string, name: string) => ({
    ...{ service, port: 3000 },
    publish: {
      ...{ kind: 'host' as const, hosts: [name], tls: { kind: 'internal' as const } },
      ...{ http: 80, https: 443 },
    },
  });
  const free = {
    ...{ service: 'third', port: 3000 },
    publish: { kind: 'port' as const, address: '127.0.0.1', port: 0 },
  };
  const publications = [host('admin', 'a.example.com'), host('shop', 'b.example.com'), free];
  const publishers = new Map(['shop', 'admin', 'third'].map((name) => [name, 'a.yml']));
  const both = { service: 'admin, shop', host: '0.0.0.0', chosenIn: 'a.yml', throughEdge: true };
  expect(edgePorts(listenersFor(publications), publishers)).toEqual([
    { ...both, port: 443 },
    { ...both, port: 80 },
  ]);
});

it('takenPorts: which container has which', () => {
  const stdout =
    'shop-gateway-1\tshop\tgateway\t127.0.0.1:3000->3000/tcp, [::]:9229->9229/tcp\nother\t\t\t5432/tcp\n';
  expect([...takenPorts(stdout)]).toEqual([
    [3000, { name: 'shop-gateway-1', project: 'shop', service: 'gateway' }],
    [9229, { name: 'shop-gateway-1', project: 'shop', service: 'gateway' }],
  ]);
});

describe('wantedPlatforms', () => {
  it.each([
    ['nothing', [], []],
    ['files that are not there', [undefined], []],
    [
      'nx.json',
      ['{"targetDefaults":{"docker-build":{"options":{"platforms":["linux/arm64"]}}}}'],
      ['linux/arm64'],
    ],
    [
      'projects, in every configuration',
      [
        '{"targets":{"docker-build":{"configurations":{"production":{"platforms":["linux/arm64","linux/amd64"]}}}}}',
        '{"nx":{"targets":{"docker-build":{"options":{"platforms":["linux/amd64"]}}}}}',
      ],
      ['linux/amd64', 'linux/arm64'],
    ],
    ['a key of the same name elsewhere', ['{"platforms":["win32"]}'], []],
  ])('reads %s', (_, texts, platforms) => {
    expect(wantedPlatforms(texts)).toEqual(platforms);
  });
});
