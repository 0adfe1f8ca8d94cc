import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './generated/file.js';
import { packageReadme } from './package-readme.js';

it.each([
  ['a file', 'See [what fails](docs/faults.md#deploys).', 'See what fails.'],
  ['code', '[`@org/chassis`](packages/chassis/README.md) is it', '`@org/chassis` is it'],
  [
    'a picture',
    'Before.\n\n![Five](docs/five.png)\n\n![Six](./six.png)\n\nAfter.\n',
    'Before.\n\nAfter.\n',
  ],
])('removes the link to %s', (_, readme, text) => {
  expect(packageReadme(readme)).toBe(text);
});

it.each([
  ['a part of the page', '[below](#see-it)'],
  ['an address', '[Fastify](https://fastify.dev) ![shot](https://example.com/a.png)'],
  ['what is code', 'the text `[a](b)` and\n\n```md\n![a](b.png)\n```\n'],
])('keeps %s', (_, readme) => {
  expect(packageReadme(readme)).toBe(readme);
});

it('leaves no broken link in the README', () => {
  const readme = packageReadme(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
  const headings = [...readme.matchAll(/^#+ (.+)$/gm)].map(
    ([, heading]) =>
      `#${heading!
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-')}`,
  );
  expect(targets.filter((target) => !/^https:/.test(target) && !headings.includes(target))).toEqual(
    [],
  );
  expect(readme).toContain('docs/executors.md');
});
