import { describe, expect, it } from 'vitest';
import { fieldMapper, mappingTag } from './json-fields.js';

describe('fieldMapper', () => {
  it.each([
    [
      'renames at the same place',
      { rename: { b: 'c' } },
      '{"a":1,"b":2,"d":3}',
      '{"a":1,"c":2,"d":3}',
    ],
    ['removes', { remove: ['b', 'none'] }, '{"a":1,"b":{"c":2}}', '{"a":1}'],
    [
      'reaches into maps',
      { rename: { 'a.b': 'x' }, remove: ['a.c'] },
      '{"a":{"b":1,"c":2},"b":3}',
      '{"a":{"x":1},"b":3}',
    ],
    [
      'means every item of a list',
      { remove: ['a', 'b.c'] },
      '[{"a":1,"b":[{"c":2,"d":3}]},4,null,[{"a":5}]]',
      '[{"b":[{"d":3}]},4,null,[{}]]',
    ],
    [
      'renames a field and what is in it',
      { rename: { a: 'x', 'a.b': 'y' } },
      '{"a":{"b":1}}',
      '{"x":{"y":1}}',
    ],
    ['swaps two names', { rename: { a: 'b', b: 'a' } }, '{"a":1,"b":2}', '{"b":1,"a":2}'],
    ['replaces a field of the new name', { rename: { a: 'b' } }, '{"b":1,"a":2}', '{"b":2}'],
    ['leaves other values alone', { remove: ['a'] }, '"text"', '"text"'],
    [
      'is not misled by names of JavaScript',
      { rename: { a: '__proto__' } },
      '{"a":{"x":1},"constructor":2}',
      '{"__proto__":{"x":1},"constructor":2}',
    ],
  ])('%s', (_what, changes, text, changed) => {
    expect(fieldMapper(changes)(text)).toBe(changed);
  });

  it('keeps numbers that JavaScript cannot represent', () => {
    const map = fieldMapper({ remove: ['secret'] });
    const numbers =
      '{"id":12345678901234567890,"price":0.10000000000000000001,"huge":1e400,"tiny":-0.0,"list":[9007199254740993],"text":"9007199254740993"';
    expect(map(`${numbers},"secret":1}`)).toBe(`${numbers}}`);
  });

  it('refuses what is not JSON', () => {
    expect(() => fieldMapper({ remove: ['a'] })('<html>')).toThrow(SyntaxError);
  });
});

it('a mapping has a tag of its own', () => {
  expect(mappingTag({ remove: ['a'] })).toMatch(/^[0-9a-f]{8}$/);
  expect(mappingTag({ remove: ['a'] })).not.toBe(mappingTag({ remove: ['b'] }));
});
