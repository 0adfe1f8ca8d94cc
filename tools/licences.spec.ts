import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Of the ones that packages have here. All of them are approved by the OSI or the FSF, or for texts and data. */
const FREE = new Set([
  '0BSD',
  'AFL-2.1',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT/X11',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
]);

interface Locked {
  license?: string;
  link?: boolean;
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};

/** Also what a dependency brings along: a package that is MIT can need one that is not. */
it('installs nothing without a free licence', () => {
  const installed = Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  );
  expect(installed.length).toBeGreaterThan(500);
  const others = installed.filter(([, { license }]) => !isFree(license));
  expect(others.map(([path, { license }]) => `${path}: ${license ?? 'no licence'}`)).toEqual([]);
});

it.each([
  ['(MIT OR Elastic-2.0)', true],
  ['(Apache-2.0 AND BSD-3-Clause)', true],
  ['(MIT AND Elastic-2.0)', false],
  ['Elastic-2.0', false],
  [undefined, false],
])('takes %s for free: %s', (license, free) => {
  expect(isFree(license)).toBe(free);
});

function isFree(license: string | undefined): boolean {
  if (license === undefined) return false;
  const parts = license.replaceAll(/[()]/g, '').split(' OR ');
  return parts.some((part) => part.split(' AND ').every((one) => FREE.has(one)));
}
