import { expect, it } from 'vitest';
import { coversFolder } from './workspace-globs';

it.each<[string[], boolean]>([
  [['apps/*'], true],
  [['./apps/*/'], true],
  [['apps/**'], true],
  [['**'], true],
  [['*/*'], true],
  [['{apps,packages}/*'], true],
  [['@(apps|packages)/*'], true],
  [['packages/*', 'a*/*'], true],
  [['apps/*', '!apps/legacy'], true],
  [['apps/*', '!apps/*'], false],
  [['apps/orders'], false],
  [['apps'], false],
  [['packages/*'], false],
  [['apps/*/*'], false],
  [[], false],
])('whether %j covers a package in apps: %s', (globs, covers) => {
  expect(coversFolder(globs, 'apps')).toBe(covers);
});

it('covers folders that are deeper', () => {
  expect(coversFolder(['services/*/*'], 'services/shop')).toBe(true);
  expect(coversFolder(['services/*'], 'services/shop')).toBe(false);
});
