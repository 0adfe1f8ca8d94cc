import { describe, expect, it } from 'vitest';
import { parseDuration, withStopTime } from './stop-time';

it.each([
  ['15s', 15_000],
  ['1m30s', 90_000],
  ['1m0s', 60_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  [20, 20_000],
  ['soon', undefined],
  [undefined, undefined],
])('parseDuration(%j)', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

describe('withStopTime: one number decides', () => {
  const entry = (grace?: string, stop?: string) => ({
    ...(grace === undefined ? {} : { stop_grace_period: grace }),
    environment: { PORT: '1', ...(stop === undefined ? {} : { STOP_TIMEOUT_MS: stop }) },
  });

  it.each([
    ['the default of new services is that of the chassis', entry('40s'), entry('40s')],
    ['the time of the entry, which the service is told', entry('15s'), entry('15s', '12000')],
    ['a longer one', entry('2m0s'), entry('2m0s', '115000')],
    ['the variable, which the engine waits for', entry('40s', '40000'), entry('45s', '40000')],
    ['the variable without a time', entry(undefined, '20000'), entry('25s', '20000')],
    ['both, where they agree', entry('20s', '15000'), entry('20s', '15000')],
    ['the default of the chassis, where nobody says anything', entry(), entry('40s')],
    ['a short variable without a time', entry(undefined, '5000'), entry(undefined, '5000')],
    ['what is no number, which the service refuses', entry('40s', 'x'), entry('40s', 'x')],
  ])('%s', (_, written, expected) => {
    expect(withStopTime(written)).toEqual(expected);
  });
});
