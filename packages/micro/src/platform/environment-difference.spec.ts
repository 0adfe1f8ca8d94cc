import { describe, expect, it } from 'vitest';
import { differenceOf } from './environment-difference';
import { parseEnvironment } from './environment';

const difference = (one: string, other: string) =>
  differenceOf(parseEnvironment('staging', one), parseEnvironment('production', other));

describe('differenceOf', () => {
  it('is empty if only the names differ, or one file writes out a default', () => {
    expect(difference('', 'healthTimeout: 60s\n')).toEqual([]);
  });

  it('lists each value, sorted', () => {
    expect(
      difference(
        'registry: one.example.com\nservices: { orders: { replicas: 1, environment: { A: x, B: y } } }\n',
        'context: far\nregistry: two.example.com\nhealthTimeout: 2m\nservices: { orders: { environment: { A: z }, publish: 8080 } }\n',
      ),
    ).toEqual([
      { path: 'context', other: 'far' },
      { path: 'healthTimeout', one: '60', other: '120' },
      { path: 'registry', one: 'one.example.com', other: 'two.example.com' },
      { path: 'services.orders.environment.A', one: 'x', other: 'z' },
      { path: 'services.orders.environment.B', one: 'y' },
      { path: 'services.orders.publish.address', other: '127.0.0.1' },
      { path: 'services.orders.publish.kind', other: 'port' },
      { path: 'services.orders.publish.port', other: '8080' },
      { path: 'services.orders.replicas', one: '1' },
    ]);
  });
});
