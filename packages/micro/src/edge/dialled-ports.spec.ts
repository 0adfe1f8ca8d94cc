import { expect, it } from 'vitest';
import { DEFAULT_EDGE } from '../platform/edge-options';
import { caddyConfig } from './caddy-config';
import { dialledPorts, withPorts } from './dialled-ports';
import { contentOf, edgeContent } from './edge-content';
import { listenersFor } from './listener';
import type { Publication } from './publication';

const publication = (service: string, ports?: number[]): Publication => ({
  service,
  port: 3000,
  ...(ports ? { ports } : {}),
  publish: {
    kind: 'host',
    hosts: [`${service}.example.com`],
    tls: { kind: 'auto' },
    http: 80,
    https: 443,
  },
});

const settings = (ports?: number[]) => ({
  listeners: listenersFor([publication('shop', ports), publication('admin')]),
  options: DEFAULT_EDGE,
  keyPairs: new Map(),
});

const config = caddyConfig(settings());

it('lists the ports at which a service is reached', () => {
  expect(dialledPorts(config, 'shop')).toEqual([3000]);
  expect(dialledPorts(withPorts(config, 'shop', [3000, 3100]), 'shop')).toEqual([3000, 3100]);
  expect(dialledPorts(config, 'orders')).toEqual([]);
});

it.each([[[3100]], [[3000, 3100]]])('is as if it had been rendered with %j', (ports) => {
  const moved = withPorts(config, 'shop', ports);
  expect(moved).toEqual(caddyConfig(settings(ports)));
  // So that a later deploy finds nothing to change.
  expect(contentOf(moved).fingerprint).toBe(edgeContent(settings(ports)).fingerprint);
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

/** The values of a setting in seconds, such as `2s`. */
function seconds(config: unknown, name: string): number[] {
  const found = JSON.stringify(config).matchAll(new RegExp(`"${name}":"(\\d+)s"`, 'g'));
  return [...found].map(([, value]) => Number(value));
}
