import { expect, it } from 'vitest';
import { LogMerge } from './merge';
import type { LogLine } from './log-line';

const line = (seconds: number): LogLine => ({
  time: `2026-11-21T12:00:0${seconds}Z`,
  service: 'orders',
  container: 'acme-orders-1',
  text: String(seconds),
});

it('sorts lines by the time at which they were written, in whatever order they arrive', () => {
  const told: string[] = [];
  const merge = new LogMerge(300, ({ text }) => told.push(text));
  merge.add(line(2), 0);
  merge.add(line(1), 100);
  merge.add(line(4), 200);
  merge.flush(250);
  expect(told).toEqual([]);
  merge.flush(300);
  // What is older than a line whose time has come goes before it; what is younger waits.
  expect(told).toEqual(['1', '2']);
  merge.add(line(3), 350);
  merge.flush(500);
  expect(told).toEqual(['1', '2', '3', '4']);
});

it('keeps nothing back at its end', () => {
  const told: string[] = [];
  const merge = new LogMerge(300, ({ text }) => told.push(text));
  merge.add(line(1), 0);
  merge.end();
  merge.end();
  expect(told).toEqual(['1']);
});
