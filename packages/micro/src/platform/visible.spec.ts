import { expect, it } from 'vitest';
import { visible, visibleIn } from './visible';

it.each([
  ['plain text, umlauts and emoji', 'grün 🚀', 'grün 🚀'],
  ['lines and tabs', 'a\n\tb', 'a\n\tb'],
  ['a colour', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['a title', '\x1b]0;owned\x07', '\\x1b]0;owned\\x07'],
  ['what overwrites the line', 'done\rfailed', 'done\\x0dfailed'],
  ['what takes letters away', 'a\bb\x7f', 'a\\x08b\\x7f'],
  ['a C1 control sequence', '\u009b2J', '\\x9b2J'],
  ['zero', 'a\0b', 'a\\x00b'],
  ['ends of lines of Windows', 'a\r\nb\r\n', 'a\nb\n'],
])('shows %s', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('shows every text in a value', () => {
  const value = { name: 'a\x1b[2J', more: [{ text: 'b\x07', count: 1 }], none: undefined };
  expect(visibleIn(value)).toEqual({ name: 'a\\x1b[2J', more: [{ text: 'b\\x07', count: 1 }] });
});
