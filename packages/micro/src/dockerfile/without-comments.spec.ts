import { expect, it } from 'vitest';
import { withoutComments } from './without-comments';

it('leaves out comments and empty lines between instructions', () => {
  expect(withoutComments('# Ours\n\nFROM x\n  # indented\nCMD ["x"]\n# last\n')).toBe(
    'FROM x\nCMD ["x"]',
  );
});

it('keeps directives and whatever stands inside an instruction', () => {
  const text = '# syntax=docker/dockerfile:1\n# escape=`\nFROM x\nRUN a `\n  # why\n\n  b # c';
  expect(withoutComments(text)).toBe(text);
});

it.each(['RUN <<EOF\n# a line\n\nEOF', 'COPY <<-"A" /x\n# a line\nA'])(
  'does not change a text with a here-document: %j',
  (instruction) => {
    const text = `# a comment\nFROM x\n${instruction}\n`;
    expect(withoutComments(text)).toBe(text);
  },
);
