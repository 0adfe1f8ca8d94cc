import { describe, expect, it } from 'vitest';
import { byTime, compareTimes, isOfRequest, parseLogLine } from './log-line';

const from = { service: 'orders', container: 'acme-orders-1' };
const parse = (line: string) => parseLogLine(line, from);

describe('parseLogLine', () => {
  it.each([
    ['a JSON object', '{"msg":"hi"}', { record: { msg: 'hi' }, text: '{"msg":"hi"}' }],
    ['text', 'listening', { text: 'listening' }],
    ['half a JSON object', '{"msg":', { text: '{"msg":' }],
    ['a JSON array', '[1]', { text: '[1]' }],
    ['nothing', '', { text: '' }],
  ])('reads %s', (_, text, expected) => {
    const time = '2026-11-21T12:00:00.5Z';
    expect(parse(`${time} ${text}`)).toEqual({ ...from, time, ...expected });
  });

  it.each([
    ['2026-11-21T01:30:00.123456789+02:00', '2026-11-20T23:30:00.123456789Z'],
    ['2026-11-21T12:00:00-05:30', '2026-11-21T17:30:00Z'],
  ])('reads %s, of a node in another time zone, as %s', (written, time) => {
    expect(parse(`${written} hi`)).toEqual({ ...from, time, text: 'hi' });
  });

  it.each(['Error response from daemon: no such container', '', 'listening'])(
    'leaves %j to others, which has no time of the engine',
    (line) => expect(parse(line)).toBeUndefined(),
  );
});

it.each([
  ['2026-11-21T12:00:00.5Z', '2026-11-21T12:00:00.49Z', 1],
  ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00.000000001Z', -1],
  ['2026-11-21T12:00:00.100Z', '2026-11-21T12:00:00.1Z', 0],
  ['2026-11-21T11:59:59.999999999Z', '2026-11-21T12:00:00Z', -1],
])('compareTimes: %s and %s', (a, b, order) => {
  expect(compareTimes(a, b)).toBe(order);
});

it('keeps the order of lines of the same time', () => {
  const lines = ['b', 'a'].map((text) => ({ ...from, time: '2026-11-21T12:00:00Z', text }));
  expect([...lines].sort(byTime)).toEqual(lines);
});

it.each([
  ['{"requestId":"one"}', true],
  ['{"requestId":"other","msg":"one"}', false],
  ['one', false],
])('isOfRequest: %s', (text, expected) => {
  expect(isOfRequest(parse(`2026-11-21T12:00:00Z ${text}`)!, 'one')).toBe(expected);
});
