import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { onlyFileOf, tarOf } from './tar';

const files = [
  { path: 'KEY', mode: 0o444, content: Buffer.from('höher\n') },
  { path: '.key', mode: 0o400, content: Buffer.alloc(513, 'a') },
];

it('is an archive that tar reads', () => {
  const list = execFileSync('tar', ['-tv', '--numeric-owner'], { input: tarOf(files) }).toString();
  expect(list).toMatch(/^-r--r--r-- 0\/0 +7 .* KEY\n-r-------- 0\/0 +513 .* \.key\n$/);
  const text = execFileSync('tar', ['-xO', 'KEY'], { input: tarOf(files) }).toString();
  expect(text).toBe('höher\n');
});

it.each([
  [tarOf([files[1]!]).toString('latin1'), 'a'.repeat(513)],
  ['', undefined],
  ['Error: no such container', undefined],
])('%# has the content of its only file', (tar, expected) => {
  expect(onlyFileOf(tar)).toBe(expected);
});
