import { describe, expect, it } from 'vitest';
import { DEFAULT_EDGE } from '../platform/edge-options';
import { caddyConfig } from './caddy-config';
import { dialledPorts, withPorts } from './dialled-ports';
import { contentOf, edgeContent } from './edge-content';
import { listenersFor } from './listener';
import type { HostPublish, PortPublish, Publish } from '../platform/publish';

const HOST: HostPublish = {
  kind: 'host',
  hosts: ['shop.example.com'],
  tls: { kind: 'auto' },
  http: 80,
  https: 443,
};
const PORT: PortPublish = { kind: 'port', address: '0.0.0.0', port: 8080 };

const settings = (ports?: number[], publish: Publish = HOST) => ({
  listeners: listenersFor([
    { service: 'shop', port: 3000, ...(ports ? { ports } : {}), publish },
    { service: 'admin', port: 3000, publish: { ...HOST, hosts: ['admin.example.com'] } },
  ]),
  options: DEFAULT_EDGE,
  keyPairs: new Map(),
});

const config = caddyConfig(settings());

it('lists the ports at which a service is reached', () => {
  expect(dialledPorts(config, 'shop')).toEqual([3000]);
  expect(dialledPorts(withPorts(config, 'shop', [3000, 3100]), 'shop')).toEqual([3000, 3100]);
  expect(dialledPorts(config, 'orders')).toEqual([]);
});

describe.each([
  ['a host', HOST],
  ['a port', PORT],
])('a service that is published as %s', (_, publish) => {
  it.each([[[3100]], [[3000, 3100]]])('is as if it had been rendered with %j', (ports) => {
    const before = caddyConfig(settings(undefined, publish));
    const rendered = settings(ports, publish);
    const moved = withPorts(before, 'shop', ports);
    expect(moved).toEqual(caddyConfig(rendered));
    // So that a later deploy finds nothing to change.
    expect(contentOf(moved).fingerprint).toBe(edgeContent(rendered).fingerprint);
    expect(withPorts(moved, 'shop', [3000])).toEqual(before);
  });
});

it('moves a service and leaves the ports of its canary', () => {
  const canary = { service: 'shop-canary', ports: [3200], share: { weight: 10 } };
  const withCanary = (ports: number[]) => {
    const publications = [{ service: 'shop', port: 3000, ports, publish: HOST, canary }];
    return caddyConfig({ ...settings(), listeners: listenersFor(publications) });
  };
  const before = withCanary([3000]);
  expect(dialledPorts(before, 'shop-canary')).toEqual([3200]);
  expect(withPorts(before, 'shop', [3100])).toEqual(withCanary([3100]));
});

it('keeps routes to other services, and is unchanged again with the first port', () => {
  const moved = withPorts(config, 'shop', [3100]);
  expect(dialledPorts(moved, 'admin')).toEqual([3000]);
  expect(withPorts(moved, 'shop', [3000])).toEqual(config);
});

it('a container that missed one connection gets requests again long before they give up', () => {
  const handler = withPorts(config, 'shop', [3000, 3100]);
  const [failDuration] = seconds(handler, 'fail_duration');
  const [tryDuration] = seconds(handler, 'try_duration');
  expect(failDuration).toBeLessThan((tryDuration ?? 0) / 4);
});

it('a request that no container took is tried once more at once, and every other error stays as it is', () => {
  const moved = withPorts(config, 'shop', [3000, 3100]);
  const proxies = JSON.stringify(moved).match(/"name":"shop","port":"3100"/g);
  const tries = handlersOf(moved).filter(({ errors }) => errors !== undefined);
  expect(tries).toHaveLength(2);
  expect(proxies).toHaveLength(2 * tries.length);
  for (const { routes, errors } of tries) {
    expect(errors?.routes).toEqual([
      {
        match: [{ expression: '{http.error.message}.startsWith("dial ")' }],
        handle: routes?.[0]?.handle,
        terminal: true,
      },
      {
        handle: [
          {
            handler: 'error',
            error: '{http.error.message}',
            status_code: '{http.error.status_code}',
          },
        ],
      },
    ]);
  }
  expect(handlersOf(config).filter(({ errors }) => errors !== undefined)).toEqual([]);
});

interface Handler {
  handler?: string;
  routes?: { handle?: Handler[] }[];
  errors?: { routes?: unknown };
}

/** All handlers of a configuration, those within others included. */
function handlersOf(value: unknown): Handler[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(handlersOf);
  return 'handler' in value ? [value as Handler, ...within] : within;
}

/** The values of a setting in seconds, such as `2s`. */
function seconds(config: unknown, name: string): number[] {
  const found = JSON.stringify(config).matchAll(new RegExp(`"${name}":"(\\d+)s"`, 'g'));
  return [...found].map(([, value]) => Number(value));
}
