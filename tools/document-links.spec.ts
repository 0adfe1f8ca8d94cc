import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, it } from 'vitest';
import { ROOT } from './generated/file.js';

const DOCUMENTS = globSync(
  ['*.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/*/README.md', '!packages/micro/README.md'],
  { cwd: ROOT, ignore: ['**/node_modules/**'] },
).sort();

/** The text of a document without its code, which may contain what looks like a link. */
const proseOf = (path: string) =>
  readFileSync(join(ROOT, path), 'utf8')
    .replace(/^```[^]*?^```$/gm, '')
    .replace(/(`+)[^`]+\1(?!\])/g, '');

/** The anchors that GitHub gives to a document's headings. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8').replace(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(DOCUMENTS)(
  '%s: every link points to an existing file, and every anchor to a heading',
  (document) => {
    const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target]) => target!,
    );
    const broken = targets
      .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#') as [string, string | undefined];
        const path = file === '' ? document : join(dirname(document), file);
        if (!existsSync(join(ROOT, path))) return true;
        return anchor !== undefined && !anchorsOf(path).includes(anchor);
      });
    expect(broken).toEqual([]);
  },
);
