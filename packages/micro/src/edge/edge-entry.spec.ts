import { describe, expect, it } from 'vitest';
import { DEFAULT_EDGE, EDGE_SERVICE } from '../platform/edge-options';
import { edgeSlice, edgeSliceOn } from './edge-entry';

const slice = edgeSlice({
  listeners: [],
  options: DEFAULT_EDGE,
  networks: ['edge'],
  project: {},
  hardening: { logging: { driver: 'local', options: { 'max-size': '10m' } } },
  labels: { a: 'b' },
});

describe('edgeSliceOn', () => {
  it.each(['1.44', '1.45', '1.51', '2.0', ''])('does not change the project with API %j', (api) => {
    expect(edgeSliceOn(slice, { api, isPodman: false })).toBe(slice);
  });

  // Compose 2.26 to an older engine: "can't set healthcheck.start_interval as feature require Docker Engine v25 or later".
  it.each(['1.41', '1.43'])(
    'has a health check that API %s supports, and the same labels',
    (api) => {
      const services: Record<string, Record<string, unknown>> = edgeSliceOn(slice, {
        api,
        isPodman: false,
      }).services;
      const edge = services[EDGE_SERVICE];
      expect(edge!['healthcheck']).not.toHaveProperty('start_interval');
      expect(edge!['healthcheck']).toMatchObject({ interval: '2s', start_period: '30s' });
      expect(edge!['labels']).toEqual({ a: 'b' });
    },
  );
  it('has a log driver that Podman supports, with the same limits', () => {
    const on = edgeSliceOn(slice, { api: '1.41', isPodman: true });
    const services: Record<string, Record<string, unknown>> = on.services;
    expect(services[EDGE_SERVICE]!['logging']).toEqual({
      driver: 'json-file',
      options: { 'max-size': '10m' },
    });
  });
});
