import { describe, expect, it } from 'vitest';
import { composeAnswer, partTarget, type PartError, type PartResult } from './aggregate.js';

const url = 'http://users:3001';
const parts = {
  user: { service: 'users', url, path: '/me', required: true },
  orders: { service: 'orders', url, path: '/orders' },
  'a "b"': { service: 'tags', url, path: '/tags' },
};
const data = (text: string): PartResult => ({ kind: 'data', text });
const failed = (
  service: string,
  statusCode: number,
  headers?: PartError['headers'],
): PartError => ({
  kind: 'error',
  service,
  statusCode,
  error: 'Text',
  message: `${service} failed`,
  headers,
});
const shown = (service: string, statusCode: number) => ({
  statusCode,
  error: 'Text',
  message: `${service} failed`,
  service,
});

function compose(results: Record<string, PartResult>) {
  const { text, ...rest } = composeAnswer(parts, new Map(Object.entries(results)));
  return { ...rest, body: JSON.parse(text) as unknown };
}

describe('composeAnswer', () => {
  it('passes the JSON of the parts on as it is', () => {
    const results = {
      user: data('{"id": 12345678901234567890}'),
      orders: data(''),
      'a "b"': data('[ 1.0 ]'),
    };
    expect(composeAnswer(parts, new Map(Object.entries(results)))).toEqual({
      statusCode: 200,
      headers: {},
      text: '{"data":{"user":{"id": 12345678901234567890},"orders":null,"a \\"b\\"":[ 1.0 ]},"errors":{}}',
    });
  });

  it('names the parts that failed, and then may not be stored', () => {
    expect(compose({ user: data('1'), orders: failed('orders', 404), 'a "b"': data('2') })).toEqual(
      {
        statusCode: 200,
        headers: { 'cache-control': 'no-store' },
        body: {
          data: { user: 1, orders: null, 'a "b"': 2 },
          errors: { orders: shown('orders', 404) },
        },
      },
    );
  });

  it('is an error without a required part', () => {
    expect(
      compose({
        user: failed('users', 401, { 'www-authenticate': 'Bearer' }),
        orders: failed('orders', 503, { 'retry-after': '1' }),
        'a "b"': data('2'),
      }),
    ).toEqual({
      statusCode: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: {
        ...shown('users', 401),
        errors: { user: shown('users', 401), orders: shown('orders', 503) },
      },
    });
  });

  it('is the worst error if all parts failed', () => {
    const { user: _, ...optional } = parts;
    const results = {
      orders: failed('orders', 404),
      'a "b"': failed('tags', 503, { 'retry-after': '1' }),
    };
    const { statusCode, headers } = composeAnswer(optional, new Map(Object.entries(results)));
    expect({ statusCode, headers }).toEqual({ statusCode: 503, headers: { 'retry-after': '1' } });
  });
});

describe('partTarget', () => {
  it.each([
    ['/me', [], {}, 'a=1', '/me'],
    [
      '/orders?limit=5',
      ['page', 'q'],
      {},
      'q=a%20b%26&x=1&page=2&page=3',
      '/orders?limit=5&page=2&page=3&q=a+b%26',
    ],
    ['/users/:id/orders', [], { id: '12' }, '', '/users/12/orders'],
    ['/users/:id', [], { id: 'ada@ö b' }, '', '/users/ada%40%C3%B6%20b'],
    ['/users/:id', ['page'], { id: '...' }, 'page=', '/users/...?page='],
  ])('%s with %j, %j and %s is %s', (path, query, values, search, target) => {
    expect(partTarget({ path, query }, values as Record<string, string>, search)).toBe(target);
  });

  it.each(['.', '..', 'a/b', 'a\\b', 'a%2fb', 'a;b', 'a?b', 'a#b', 'a\u0000', ''])(
    'refuses the value %j',
    (id) => {
      expect(partTarget({ path: '/users/:id' }, { id }, '')).toBeUndefined();
    },
  );
});
