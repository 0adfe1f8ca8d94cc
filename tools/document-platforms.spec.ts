import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, it } from 'vitest';
import { parsePlatform, type Platform } from '../packages/micro/src/platform/platform.js';
import { ROOT } from './generated/file.js';

const DOCUMENTS = globSync(['README.md', 'docs/*.md'], { cwd: ROOT }).sort();

/** The example manifests in a document, by service. */
function manifestsIn(markdown: string): Record<string, string> {
  const blocks = markdown.matchAll(/^```ya?ml\n# apps\/([\w-]+)\/service\.yml\n([^]*?)^```$/gm);
  return Object.fromEntries([...blocks].map(([, name, text]) => [name!, text!]));
}

/**
 * The platform of these manifests, with a minimal manifest for each consumed service that the document does not show.
 */
function platformIn(markdown: string): Platform {
  const manifests = manifestsIn(markdown);
  const consumed = Object.values(manifests).flatMap(
    (text) => /^consumes: \[(.*?)\]/m.exec(text)?.[1]?.split(/, */) ?? [],
  );
  const others = [...new Set(consumed)].filter((name) => !(name in manifests));
  const texts = [
    ...Object.entries(manifests),
    ...others.map((name, index) => [name, `port: ${4001 + index}\n`] as const),
  ];
  return parsePlatform(
    'shop',
    texts.map(([name, text]) => {
      const root = `apps/${name}`;
      return { name, root, file: `${root}/service.yml`, text };
    }),
  );
}

const documents = DOCUMENTS.map((document) => ({
  document,
  markdown: readFileSync(join(ROOT, document), 'utf8'),
})).filter(({ markdown }) => Object.keys(manifestsIn(markdown)).length > 0);

it.each(documents)('the manifests of $document form one valid platform', ({ markdown }) => {
  const names = platformIn(markdown).services.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(manifestsIn(markdown))));
});

it('finds the documents with manifests', () => {
  expect(documents.map(({ document }) => document)).toEqual(
    expect.arrayContaining(['README.md', 'docs/gateway.md', 'docs/manifest.md']),
  );
});

it('refuses routes of a service that accepts only service keys, which the README once showed', () => {
  const manifest =
    '# apps/orders/service.yml\nport: 3002\nexpose: public\nroutes: [/api/orders]\nauth: service-keys\n';
  expect(() => platformIn(`\`\`\`yaml\n${manifest}\`\`\`\n`)).toThrow(/no gateway has/);
});
