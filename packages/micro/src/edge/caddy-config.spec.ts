import { describe, expect, it } from 'vitest';
import type { CanaryShare } from '../deployment/canary';
import { DEFAULT_EDGE, type EdgeOptions } from '../platform/edge-options';
import type { HostPublish } from '../platform/publish';
import { caddyConfig } from './caddy-config';
import { edgeContent } from './edge-content';
import { listenersFor } from './listener';
import type { Publication } from './publication';

const gateway: Publication = {
  service: 'gateway',
  port: 3000,
  publish: { kind: 'port', address: '127.0.0.1', port: 8080 },
};

const host = (more: Partial<HostPublish> = {}, service = 'shop'): Publication => ({
  service,
  port: 3001,
  publish: {
    kind: 'host',
    hosts: [`${service}.example.com`],
    tls: { kind: 'auto' },
    http: 80,
    https: 443,
    ...more,
  },
});

interface Route {
  match?: { host?: string[]; method?: string[] }[];
  handle: { handler: string; headers?: Record<string, string[]>; routes?: Route[] }[];
}

interface Server extends Record<string, unknown> {
  listen: string[];
  routes: Route[];
}

interface Config {
  logging: { logs: Record<string, Record<string, unknown>> };
  apps: {
    http: { servers: Record<string, Server> };
    tls?: { certificates: Record<string, unknown>; automation?: { policies: unknown[] } };
    pki?: unknown;
  };
}

function configOf(
  publications: readonly Publication[],
  options: Partial<EdgeOptions> = {},
  keyPairs = new Map<string, { certificate: string; key: string }>(),
): Config {
  const settings = {
    listeners: listenersFor(publications),
    options: { ...DEFAULT_EDGE, ...options },
    keyPairs,
  };
  return caddyConfig(settings) as unknown as Config;
}

const servers = (config: Config) => config.apps.http.servers;

/** The requests that the canary of a gateway gets, as Caddy matches them. */
function sharedWith(share: CanaryShare): unknown {
  const canary = { service: 'gateway-canary', ports: [3000], share };
  const { 'http-8001': server } = servers(configOf([{ ...gateway, canary }]));
  return server!.routes[0]!.match;
}

it.each<[CanaryShare, unknown[]]>([
  [{ weight: 50 }, [{ expression: '{http.request.uuid} < "80000000"' }]],
  [{ weight: 1 }, [{ expression: '{http.request.uuid} < "028f5c29"' }]],
  [{ weight: 99 }, [{ expression: '{http.request.uuid} < "fd70a3d7"' }]],
  [
    { weight: 0, header: { name: 'X-Version', value: 'next' } },
    [{ header: { 'X-Version': ['next'] } }],
  ],
  [
    { weight: 25, header: { name: 'X-Version', value: 'next' } },
    [{ header: { 'X-Version': ['next'] } }, { expression: '{http.request.uuid} < "40000000"' }],
  ],
])('a canary with %j gets requests that match %j', (share, match) => {
  expect(sharedWith(share)).toEqual(match);
});

describe('the configuration of the edge', () => {
  it('passes requests for any name on a port to the containers of the service', () => {
    const { 'http-8001': server } = servers(configOf([gateway]));
    expect(server).toMatchObject({
      listen: [':8001'],
      protocols: ['h1'],
      read_header_timeout: '10s',
      idle_timeout: '120s',
      max_header_bytes: 32_768,
    });
    expect(server!.routes[0]).toMatchObject({
      match: [{ method: ['GET', 'HEAD', 'OPTIONS'] }],
      handle: [
        {
          handler: 'reverse_proxy',
          dynamic_upstreams: { source: 'a', name: 'gateway', port: '3000', refresh: '1s' },
          transport: { keep_alive: { enabled: true } },
        },
      ],
    });
  });

  it('opens a new connection for each request that is not safe, and never sends one again that may have arrived', () => {
    const { 'http-8001': server } = servers(configOf([gateway]));
    expect(server!.routes[1]).not.toHaveProperty('match');
    expect(server!.routes[1]!.handle[0]).toMatchObject({
      transport: { keep_alive: { enabled: false } },
    });
    for (const { handle } of server!.routes.slice(0, 2)) {
      expect(handle[0]).toMatchObject({
        load_balancing: { try_duration: '10s', retry_match: [{ method: [] }] },
      });
    }
  });

  it('redirects HTTP to HTTPS, with the port if it is not 443', () => {
    const location = (publication: Publication) =>
      Object.values(servers(configOf([publication])))
        .flatMap(({ routes }) => routes)
        .flatMap(({ handle }) => handle[0]!.headers?.['Location'] ?? [])[0];
    expect(location(host())).toBe('https://{http.request.host}{http.request.uri}');
    expect(location(host({ https: 8443 }))).toBe(
      'https://{http.request.host}:8443{http.request.uri}',
    );
  });

  it('lets hosts share ports, each with its own certificate', () => {
    const config = configOf(
      [
        host(),
        host({ tls: { kind: 'internal' } }, 'admin'),
        host({ tls: { kind: 'own', certificate: { file: 'a' }, key: { file: 'b' } } }, 'files'),
      ],
      { acme: { email: 'ops@example.com' } },
      new Map([['files', { certificate: 'CERT', key: 'KEY' }]]),
    );
    expect(Object.keys(servers(config))).toEqual(['health', 'https-8001', 'http-8002']);
    expect(servers(config)['https-8001']).toMatchObject({
      protocols: ['h1', 'h2'],
      tls_connection_policies: [{}],
    });
    expect(config.apps.tls).toEqual({
      certificates: {
        automate: ['admin.example.com', 'shop.example.com'],
        load_pem: [{ certificate: 'CERT', key: 'KEY' }],
      },
      automation: {
        policies: [
          { subjects: ['admin.example.com'], issuers: [{ module: 'internal' }] },
          {
            subjects: ['shop.example.com'],
            issuers: [
              {
                module: 'acme',
                email: 'ops@example.com',
                challenges: {
                  http: { alternate_port: 8002 },
                  'tls-alpn': { alternate_port: 8001 },
                },
              },
            ],
          },
        ],
      },
    });
    expect(config.apps.pki).toEqual({
      certificate_authorities: { local: { install_trust: false } },
    });
  });

  it('requests a certificate without port 80 if HTTP is off, and from another authority', () => {
    const ca = 'https://ca.example.com/acme/directory';
    const config = configOf([host({ http: undefined as never })], { acme: { ca, root: 'ca.pem' } });
    expect(config.apps.tls?.automation?.policies).toEqual([
      {
        subjects: ['shop.example.com'],
        issuers: [
          {
            module: 'acme',
            ca,
            trusted_roots_pem_files: ['/etc/edge/acme-root.pem'],
            challenges: { http: { disabled: true }, 'tls-alpn': { alternate_port: 8001 } },
          },
        ],
      },
    ]);
  });

  it('answers for no other host', () => {
    for (const server of Object.values(servers(configOf([host()]))).slice(1)) {
      expect(server.routes.at(-1)).toMatchObject({ handle: [{ status_code: 421 }] });
      expect(server['automatic_https']).toEqual({ disable: true });
    }
  });

  it('writes no access log unless asked, and then without queries and headers', () => {
    expect(Object.keys(configOf([gateway]).logging.logs)).toEqual(['default']);
    expect(servers(configOf([gateway]))['http-8001']).not.toHaveProperty('logs');
    const config = configOf([gateway], { accessLog: 'json' });
    expect(config.logging.logs['access']).toMatchObject({
      writer: { output: 'stdout' },
      encoder: {
        fields: {
          'request>headers': { filter: 'delete' },
          'request>uri': { filter: 'regexp', regexp: '\\?.*', value: '' },
        },
      },
    });
  });

  it('trusts a load balancer in front, and nothing else', () => {
    expect(servers(configOf([gateway]))['http-8001']).not.toHaveProperty('trusted_proxies');
    expect(
      servers(configOf([gateway], { trustedProxies: ['10.0.0.0/8'] }))['http-8001'],
    ).toMatchObject({ trusted_proxies: { source: 'static', ranges: ['10.0.0.0/8'] } });
  });
});

describe('what the edge is given', () => {
  const contentOf = (options: Partial<EdgeOptions> = {}, root?: string) =>
    edgeContent(
      {
        listeners: listenersFor([gateway]),
        options: { ...DEFAULT_EDGE, ...options },
        keyPairs: new Map(),
      },
      root,
    );

  it('is known by its content', () => {
    expect(contentOf().fingerprint).toBe(contentOf().fingerprint);
    expect(contentOf({ idleTimeout: 5 }).fingerprint).not.toBe(contentOf().fingerprint);
    expect(contentOf({}, 'ROOT').fingerprint).not.toBe(contentOf().fingerprint);
  });

  it('is for the user of the edge alone', () => {
    for (const { mode, owner } of [...contentOf().files, ...contentOf().next]) {
      expect({ mode, owner }).toEqual({ mode: 0o400, owner: 65_532 });
    }
    expect(contentOf({}, 'ROOT').files.map(({ path }) => path)).toEqual([
      'caddy.json',
      'acme-root.pem',
      'fingerprint',
    ]);
  });
});
