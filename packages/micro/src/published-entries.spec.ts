import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEntries, type Entry } from '../../../tools/generated/entries';
import { ROOT } from '../../../tools/generated/file';

const generators = readEntries('generator');
const entries = [...generators, ...readEntries('executor')];

/** `it('run again, keeps the edit', ...)`, also behind `.each(...)` */
const RERUN_CASE = /\b(?:it|test)\b[^\n]*?\(\s*(['"`])(?:(?!\1).)*\bagain\b/;

describe.each(entries)('$kind $name', (entry) => {
  test('says what it does', () => {
    expect(entry.description).not.toBe('');
  });

  test('has code', () => {
    expect(existsSync(join(ROOT, `${entry.implementation}.ts`))).toBe(true);
  });

  test('has a schema that describes every option and refuses others', () => {
    const schema = JSON.parse(read(entry.schema)) as {
      title?: string;
      description?: string;
      additionalProperties?: unknown;
      properties?: Record<string, { description?: string }>;
    };
    expect(schema).toMatchObject({
      title: expect.stringMatching(/./) as string,
      description: expect.stringMatching(/./) as string,
      // Nx itself hands hidden ones options that are not theirs.
      ...(entry.hidden ? {} : { additionalProperties: false }),
    });
    const silent = Object.entries(schema.properties ?? {}).filter(
      ([, option]) => !option.description,
    );
    expect(silent).toEqual([]);
  });

  test('has a spec', () => {
    expect(specsOf(entry)).not.toEqual([]);
  });

  test('has documentation', () => {
    expect(read(`docs/${entry.kind}s.md`).split('\n')).toContain(`## ${entry.name}`);
  });
});

test.each(generators)('generator $name has a rerun case', (entry) => {
  const text = specsOf(entry).map(read).join('\n');
  expect(RERUN_CASE.test(text), `no it('… again …') in the specs of ${entry.folder}`).toBe(true);
});

test.each(['generator', 'executor'] as const)('every %s of the source is published', (kind) => {
  const folder = join(ROOT, `packages/micro/src/${kind}s`);
  const written = readdirSync(folder).filter((name) =>
    existsSync(join(folder, name, 'schema.json')),
  );
  const published = readEntries(kind).map(({ name }) => name);
  expect(published.sort()).toEqual(written.sort());
});

function specsOf({ folder }: Entry): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => `${folder}/${name}`);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

// npm takes the newest version that a peer's range allows, also where the workspace has another one that fits: with Nx 22
// that is @nx/devkit 24, and `nx add` ends in ERESOLVE (findings/npm-newest-nx-devkit-as-a-peer.sh).
test('the devkit is a dependency that the workspace meets, and Nx alone a peer', () => {
  const manifest = JSON.parse(read('packages/micro/package.json')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  expect(manifest.peerDependencies).toEqual({ nx: '>=22 <25' });
  expect(manifest.dependencies['@nx/devkit']).toBe('>=22 <25');
});
