import { describe, expect, it } from 'vitest';
import {
  describeComparison,
  judgeComparison,
  parseComparison,
  requestsQuery,
  scrapedQuery,
  type Answered,
} from './canary-analysis';

const sample = (pod: string, status: string, count: string) => ({
  metric: { pod, status },
  value: [1764433000.1, count],
});

describe('what Prometheus is asked', () => {
  it('is for the pods of both versions in one namespace', () => {
    const series =
      'http_requests_total{namespace="shop-live",pod=~"shop(-canary)?-[a-z0-9]+-[a-z0-9]+"}';
    expect(requestsQuery('shop-live', 'shop', 60)).toBe(
      `sum by (pod, status) (max_over_time(${series}[60s]) - (${series} offset 60s or max_over_time(${series}[60s]) * 0))`,
    );
  });

  it('is first, whether any of these pods is known', () => {
    expect(scrapedQuery('shop-live', 'shop')).toBe(
      'up{namespace="shop-live",pod=~"shop(-canary)?-[a-z0-9]+-[a-z0-9]+"}',
    );
  });

  it('is answered by pods, which are counted for their version', () => {
    const result = [
      sample('shop-6d5f9c7b8-abcde', '200', '90'),
      sample('shop-6d5f9c7b8-fghij', '404', '9'),
      sample('shop-6d5f9c7b8-fghij', '503', '1'),
      sample('shop-canary-7d9f8c6b5-klmno', '200', '8'),
      sample('shop-canary-7d9f8c6b5-klmno', '500', '2'),
    ];
    const answer = JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    expect(parseComparison(answer, 'shop')).toEqual({
      canary: { requests: 10, errors: 2 },
      stable: { requests: 100, errors: 1 },
    });
  });

  it.each(['<html>', '{}', '{"status":"error","error":"parse error"}'])(
    'is not answered by %s',
    (answer) => {
      expect(parseComparison(answer, 'shop')).toBeUndefined();
    },
  );
});

const of = (requests: number, errors: number): Answered => ({ requests, errors });
const LIMITS = { maxErrorIncrease: 1, minRequests: 50 };

it.each<[string, Answered, Answered, string, string]>([
  [
    'as good as the version that serves',
    ...[of(100, 1), of(1000, 10)],
    'good',
    '1 % of its 100 requests ended with 5xx, 1 % of 1000 of the version that serves',
  ],
  [
    'a little worse, which is allowed',
    ...[of(100, 2), of(1000, 10)],
    'good',
    '2 % of its 100 requests ended with 5xx, 1 % of 1000 of the version that serves',
  ],
  [
    'worse',
    ...[of(150, 4), of(900, 10)],
    'worse',
    '2.67 % of its 150 requests ended with 5xx, 1.11 % of 900 of the version that serves',
  ],
  [
    'good, with too few requests',
    ...[of(49, 0), of(1000, 0)],
    'inconclusive',
    '0 % of its 49 requests ended with 5xx, 0 % of 1000 of the version that serves',
  ],
  [
    'worse, with few requests',
    ...[of(2, 2), of(1000, 0)],
    'worse',
    '100 % of its 2 requests ended with 5xx, 0 % of 1000 of the version that serves',
  ],
  ['without a request', of(0, 0), of(1000, 0), 'inconclusive', 'it answered no request'],
  [
    'the only one with requests',
    ...[of(60, 0), of(0, 0)],
    'good',
    '0 % of its 60 requests ended with 5xx, the version that serves answered none',
  ],
] as [string, Answered, Answered, string, string][])(
  'a canary that is %s',
  (_, canary, stable, verdict, words) => {
    expect(judgeComparison({ canary, stable }, LIMITS)).toBe(verdict);
    expect(describeComparison({ canary, stable })).toBe(words);
  },
);
