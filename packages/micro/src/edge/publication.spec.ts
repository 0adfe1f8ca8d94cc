import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../platform/environment';
import { listenersFor } from './listener';
import { behindEdge, publicationsOf } from './publication';

const environment = (text = 'edge: {}') => parseEnvironment('production', text);
const gateway = { name: 'gateway', port: 3000 };
const entry = {
  ports: [
    { target: 3000, published: '3000', host_ip: '127.0.0.1', protocol: 'tcp', mode: 'ingress' },
    { target: 9229, published: '9229', host_ip: '127.0.0.1', protocol: 'tcp' },
  ],
};

describe('what the edge publishes of a service', () => {
  it.each([
    ['edge: {}', entry, [{ kind: 'port', address: '127.0.0.1', port: 3000 }]],
    ['edge: {}\nportOffset: 100', entry, [{ kind: 'port', address: '127.0.0.1', port: 3100 }]],
    ['edge: {}', { ports: [{ target: 3000 }] }, [{ kind: 'port', address: '0.0.0.0', port: 0 }]],
    ['edge: {}', { ports: [{ target: 3000, published: '1-3' }] }, []],
    ['edge: {}', { ports: [{ target: 3000, published: '1', protocol: 'udp' }] }, []],
    ['edge: {}', {}, []],
    [
      'edge: {}\nservices: { gateway: { publish: 0.0.0.0:80 } }\nportOffset: 100',
      entry,
      [{ kind: 'port', address: '0.0.0.0', port: 80 }],
    ],
    ['edge: {}\nservices: { gateway: { publish: 80 } }', { network_mode: 'host' }, []],
    ['edge: {}\nlinks: { gateway: "https://elsewhere.example.com" }', entry, []],
    ['edge: false', entry, []],
    ['', entry, [{ kind: 'port', address: '127.0.0.1', port: 3000 }]],
    ['edge: false\nservices: { gateway: { publish: 80 } }', entry, []],
    [
      'services: { shop: { publish: { host: shop.example.com } } }',
      entry,
      [{ kind: 'port', address: '127.0.0.1', port: 3000 }],
    ],
  ])('%j, %j', (text, rendered, expected) => {
    expect(
      publicationsOf(gateway, environment(text), rendered).map(({ publish }) => publish),
    ).toEqual(expected);
  });

  it('is nothing if it is not in the compose files', () => {
    expect(publicationsOf(gateway, environment(), undefined)).toEqual([]);
  });
});

describe('an entry behind the edge', () => {
  it('gives its port up, keeps others, and trusts proxies in private networks', () => {
    expect(behindEdge(entry, gateway, environment())).toEqual({
      ports: [entry.ports[1]],
      environment: { TRUST_PROXY: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7' },
    });
    expect(behindEdge({ ports: [entry.ports[0]] }, gateway, environment())).not.toHaveProperty(
      'ports',
    );
  });

  it('trusts the proxies in front of the edge, too', () => {
    const { environment: variables } = behindEdge(
      {},
      gateway,
      environment('edge: { trustedProxies: [203.0.113.7] }'),
    );
    expect(variables).toEqual({
      TRUST_PROXY: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,203.0.113.7',
    });
  });

  it("keeps a person's TRUST_PROXY", () => {
    const own = { environment: { TRUST_PROXY: '192.0.2.1', LOG_LEVEL: 'info' } };
    expect(behindEdge(own, gateway, environment())).toEqual(own);
  });
});

describe('the ports of the host', () => {
  it('are in one order, whatever order services have', () => {
    const publications = [
      ...publicationsOf(
        gateway,
        environment('edge: {}\nservices: { gateway: { publish: 8080 } }'),
        entry,
      ),
      ...publicationsOf(
        { name: 'admin', port: 3001 },
        environment('services: { admin: { publish: { host: a.example.com } } }'),
        entry,
      ),
      ...publicationsOf(
        { name: 'shop', port: 3002 },
        environment('services: { shop: { publish: { host: s.example.com } } }'),
        entry,
      ),
    ];
    const ports = listenersFor(publications).map(
      ({ published, target, protocol, publications: all }) => [
        published,
        target,
        protocol,
        all.length,
      ],
    );
    expect(ports).toEqual([
      [443, 8001, 'https', 2],
      [80, 8002, 'http', 2],
      [8080, 8003, 'http', 1],
    ]);
    expect(listenersFor([...publications].reverse()).map(({ published }) => published)).toEqual([
      443, 80, 8080,
    ]);
  });

  it('are one each if the engine picks them', () => {
    const any = (name: string) =>
      publicationsOf(
        { name, port: 1 },
        environment(`edge: {}\nservices: { ${name}: { publish: 0 } }`),
        {},
      );
    expect(listenersFor([...any('a'), ...any('b')])).toHaveLength(2);
  });
});
