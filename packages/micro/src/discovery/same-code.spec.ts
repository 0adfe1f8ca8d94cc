import { describe, expect, it } from 'vitest';
import { importsBeside, importsOf, isSameCode, wordsOf } from './same-code';

const MODULE = `// Kept by \`nx sync\`.
import { b, a } from 'two';
import { c } from 'one';

export const table = {
  FIRST_URL: secret('x'),
};

/** What it does. */
export const list = (resources: Resources): string[] =>
  all.map((one) => one(resources, ['a', 'b']));
`;

describe('the same module', () => {
  it.each<[string, (text: string) => string]>([
    ['double quotes', (text) => text.replaceAll("'", '"')],
    ['no semicolons', (text) => text.replaceAll(';', '')],
    ['no last commas', (text) => text.replaceAll("('x'),", "('x')")],
    ['quoted keys', (text) => text.replace('FIRST_URL', "'FIRST_URL'")],
    ['no parentheses around a parameter', (text) => text.replace('(one) =>', 'one =>')],
    [
      'tabs and other line breaks',
      (text) => text.replaceAll('\n  ', '\r\n\t').replace('=>\r', '=> \r'),
    ],
    ['sorted imports', (text) => text.replace(/(import .*\n)(import .*\n)/, '$2$1')],
    ['sorted names of an import', (text) => text.replace('{ b, a }', '{ a, b }')],
  ])('may have %s', (_, format) => {
    expect(format(MODULE)).not.toBe(MODULE);
    expect(isSameCode(MODULE, format(MODULE))).toBe(true);
  });

  it.each<[string, (text: string) => string]>([
    ['another value', (text) => text.replace("'x'", "'y'")],
    ['white space in a text', (text) => text.replace("'x'", "'x '")],
    ['a semicolon in a text', (text) => text.replace("'x'", "'x;'")],
    ['another order of a list', (text) => text.replace("['a', 'b']", "['b', 'a']")],
    ['another name', (text) => text.replace('FIRST', 'SECOND')],
    ['another type', (text) => text.replace('string[]', 'number[]')],
    ['another comment', (text) => text.replace('What it does', 'What it did')],
    ['another import', (text) => text.replace("'one'", "'three'")],
    ['let for const', (text) => text.replace('const list', 'let list')],
  ])('has not %s', (_, edit) => {
    expect(isSameCode(MODULE, edit(MODULE))).toBe(false);
  });
});

it('compares names and texts, but not comments', () => {
  const words = wordsOf("// OTHER_URL\nexport const routes = { path: '/api', url: A_URL };");
  expect(words).toEqual(['routes', 'path', '/api', 'url', 'A_URL']);
});

it('compares imports in any form', () => {
  const text = `import { a } from "./a.js";\nexport * from './b';\n// import './c';`;
  expect(importsOf(text)).toEqual(['./a.js', './b']);
});

it.each([
  ['./links', true],
  ['./links.js', true],
  ['./more/links.js', false],
  ['../links.js', false],
  ['links', false],
])('knows whether a module beside is imported: %s', (from, expected) => {
  expect(importsBeside(`import { links } from '${from}';\n`, 'links')).toBe(expected);
});
