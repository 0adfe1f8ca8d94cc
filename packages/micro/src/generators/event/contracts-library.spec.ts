import { expect, it } from 'vitest';
import { addExport } from './contracts-library';

const line = (name: string) => `export * from './events/${name}.js';\n`;

it.each([
  ['a new file', '', line('b')],
  ['behind those that sort before it', line('a'), line('a') + line('b')],
  ['before those that sort behind it', line('a') + line('c'), line('a') + line('b') + line('c')],
  [
    'beside what a person wrote',
    `// ours\n${line('c')}export const x = 1;\n`,
    `// ours\n${line('b')}${line('c')}export const x = 1;\n`,
  ],
  ['without a newline at the end', 'export const x = 1;', `export const x = 1;\n${line('b')}`],
  ['once', line('b').replaceAll("'", '"'), line('b').replaceAll("'", '"')],
])('adds an export to %s', (_, before, after) => {
  expect(addExport(before, './events/b.js')).toBe(after);
});
