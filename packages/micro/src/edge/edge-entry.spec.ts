import { describe, expect, it } from 'vitest';
import { DEFAULT_EDGE, EDGE_SERVICE } from '../platform/edge-options';
import { edgeSlice, edgeSliceOn } from './edge-entry';

const slice = edgeSlice({
  listeners: [],
  options: DEFAULT_EDGE,
  networks: ['edge'],
  project: {},
  hardening: {},
  labels: { a: 'b' },
});

describe('edgeSliceOn', () => {
  it.each(['1.44', '1.45', '1.51', '2.0', ''])('leaves the project as it is with API %j', (api) => {
    expect(edgeSliceOn(slice, api)).toBe(slice);
  });

  // Compose 2.26 to an older engine: "can't set healthcheck.start_interval as feature require Docker Engine v25 or later".
  it.each(['1.41', '1.43'])('has a health check that API %s knows, and the same labels', (api) => {
    const services: Record<string, Record<string, unknown>> = edgeSliceOn(slice, api).services;
    const edge = services[EDGE_SERVICE];
    expect(edge!['healthcheck']).not.toHaveProperty('start_interval');
    expect(edge!['healthcheck']).toMatchObject({ interval: '2s', start_period: '30s' });
    expect(edge!['labels']).toEqual({ a: 'b' });
  });
});
