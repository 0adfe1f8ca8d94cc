import { describe, expect, it } from 'vitest';
import { plain } from '../shell';
import { formatLogJson, formatLogLine } from './format';
import { parseLogLine } from './log-line';

const line = (text: unknown) =>
  parseLogLine(
    `2026-11-21T12:00:01.250999999Z ${typeof text === 'string' ? text : JSON.stringify(text)}`,
    { service: 'orders', container: 'acme-orders-1' },
  )!;
const format = (text: unknown) => formatLogLine(line(text), 8, plain);

describe('formatLogLine', () => {
  it.each([
    ['a line that is no JSON', 'listening', '12:00:01.250  orders    listening'],
    [
      'what Fastify says of an answer',
      {
        level: 'info',
        time: 1,
        service: 'orders',
        version: '1',
        environment: 'production',
        requestId: 'r1',
        req: { method: 'GET', url: '/orders' },
        res: { statusCode: 200 },
        responseTime: 12.4,
        msg: 'request completed',
      },
      '12:00:01.250  orders    info   request completed  GET /orders  200  12 ms  requestId=r1',
    ],
    [
      'further keys',
      { level: 40, msg: 'slow', table: 'items', rows: [1] },
      '12:00:01.250  orders    warn   slow  table=items  rows=[1]',
    ],
    ['a level of its own', { level: 35, msg: 'x' }, '12:00:01.250  orders    35     x'],
    ['no level', { msg: 'x' }, '12:00:01.250  orders           x'],
    [
      'an error, with its stack',
      { level: 'error', msg: 'failed', err: { message: 'no', stack: 'Error: no\n  at x' } },
      '12:00:01.250  orders    error  failed\n    Error: no\n      at x',
    ],
    [
      'what a terminal would act on',
      'a\x1b[2J\u009b1mb',
      '12:00:01.250  orders    a\\x1b[2J\\x9b1mb',
    ],
    [
      'the same in each part of a record',
      {
        level: 'info\x1b[1m',
        msg: '\x1b]0;owned\x07',
        requestId: '\x1b[3m',
        req: { method: 'GET', url: '/\x1b[2J' },
        '\x1b[4m': '\x1b[5m',
        nested: ['\u009b6m'],
        err: { stack: 'Error: \x1b[7m\n\tat x' },
      },
      '12:00:01.250  orders    info\\x1b[1m  \\x1b]0;owned\\x07  GET /\\x1b[2J  \\x1b[4m=\\x1b[5m  nested=["\\x9b6m"]  requestId=\\x1b[3m\n    Error: \\x1b[7m\n    \tat x',
    ],
  ])('shows %s', (_, text, expected) => {
    expect(format(text)).toBe(expected);
  });

  it('gives a service the same colour each time', () => {
    const colours = [1, 2].map(() => {
      const used: string[] = [];
      formatLogLine(line('x'), 8, (colour, text) => {
        used.push(colour);
        return text;
      });
      return used;
    });
    expect(colours[0]).toEqual(colours[1]);
  });
});

it.each([
  ['text', { text: 'text' }],
  [{ msg: 'x' }, { record: { msg: 'x' } }],
])('formatLogJson: %j', (text, expected) => {
  expect(JSON.parse(formatLogJson(line(text)))).toEqual({
    time: '2026-11-21T12:00:01.250999999Z',
    service: 'orders',
    container: 'acme-orders-1',
    ...expected,
  });
});
