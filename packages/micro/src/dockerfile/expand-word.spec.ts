import { describe, expect, it } from 'vitest';
import { expandWord } from './expand-word';

const VALUES: Record<string, string> = { A: 'one', EMPTY: '', PATH_OF: 'a/b/c.tar.gz' };

describe('expandWord', () => {
  it.each([
    ['plain', 'plain'],
    ['$A', 'one'],
    ['${A}x', 'onex'],
    ['$Ax', ''],
    ['$', '$'],
    ['\\$A', '$A'],
    ["'$A'", '$A'],
    ['"$A b"', 'one b'],
    ['${NONE:-two}', 'two'],
    ['${EMPTY:-two}', 'two'],
    ['${EMPTY-two}', ''],
    ['${NONE-two}', 'two'],
    ['${A:-two}', 'one'],
    ['${NONE:-${A}/x}', 'one/x'],
    ['${A:+two}', 'two'],
    ['${EMPTY:+two}', ''],
    ['${NONE+two}', ''],
    ['${A:?is needed}', 'one'],
    ['${PATH_OF#*/}', 'b/c.tar.gz'],
    ['${PATH_OF##*/}', 'c.tar.gz'],
    ['${PATH_OF%.*}', 'a/b/c.tar'],
    ['${PATH_OF%%.*}', 'a/b/c'],
    ['${PATH_OF/\\//-}', 'a-b/c.tar.gz'],
    ['${PATH_OF//b/x}', 'a/x/c.tar.gz'],
  ])('%s -> %s', (word, text) => {
    expect(expandWord(word, (name) => VALUES[name]).text).toBe(text);
  });

  it('lists variables without a value', () => {
    expect(expandWord('$X/${Y}/${Z:-z}', () => undefined)).toEqual({
      text: '//z',
      missing: ['X', 'Y'],
    });
  });

  it('supports the other escape character', () => {
    expect(expandWord('c:\\x`$A', (name) => VALUES[name], '`').text).toBe('c:\\x$A');
  });
});
