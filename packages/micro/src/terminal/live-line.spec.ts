import { expect, it } from 'vitest';
import { liveLines } from './live-line';

const CLEAR = '\r\u001b[2K';

it('replaces a line that is only shown, and keeps what is said', () => {
  const written: string[] = [];
  const { say, show, clear } = liveLines({ write: (text) => written.push(text), columns: 8 });
  say('first');
  show('1 MB');
  show('longer than the terminal');
  say('second');
  show('2 MB');
  clear();
  clear();
  expect(written).toEqual([
    ...['first\n', '1 MB', CLEAR, 'longer ', CLEAR, 'second\n', '2 MB', CLEAR],
  ]);
});

it.each([{}, { columns: 0 }])('shows a line on a terminal without a width: %j', (width) => {
  const written: string[] = [];
  liveLines({ write: (text) => written.push(text), ...width }).show('orders-database  2.73 MB');
  expect(written).toEqual(['orders-database  2.73 MB']);
});
