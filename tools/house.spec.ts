import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const MOST_LINES = 300;

/** Sources of the packages, without tests, helpers of tests, templates, and code generated from .proto files. */
const SOURCES = globSync('packages/*/src/**/*.ts', { cwd: ROOT })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !/\.spec\.ts$|_pb\.ts$|\/(?:files|testing)\//.test(file))
  .sort();

const TEXTS = new Map(SOURCES.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));

/** The files of the same package that a file imports, including type imports. */
const IMPORTS = new Map([...TEXTS].map(([file, text]) => [file, importsOf(file, text)]));

it('has no file that is too long', () => {
  const long = [...TEXTS]
    .map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines >= MOST_LINES);
  expect(long, `split these by what they are about, ${MOST_LINES} lines at most`).toEqual([]);
});

it('has no circular imports, including types', () => {
  expect(findCircles(IMPORTS), 'move what both need to the folder it is about').toEqual([]);
});

it('has no command that imports from an executor, and no effect or pure folder that imports from either', () => {
  const micro = 'packages/micro/src/';
  const folderOf = (file: string) => file.slice(micro.length).split('/')[0]!;
  const upwards = [...IMPORTS]
    .filter(([file]) => file.startsWith(micro) && !/\/(?:bin|executors)\//.test(file))
    .flatMap(([file, imports]) =>
      imports
        .filter((one) => ['executors', 'commands'].includes(folderOf(one)))
        .filter((one) => folderOf(one) !== folderOf(file))
        .map((one) => `${file} > ${one}`),
    );
  expect(upwards, 'move what both need to the folder it is about').toEqual([]);
});

it('exports nothing that only tests use', () => {
  const uses = new Map<string, number>();
  // Nx finds these files and functions by the names in these lists.
  const named = globSync('packages/*/{generators,executors,migrations}.json', { cwd: ROOT });
  const lists = named.map((file) => readFileSync(join(ROOT, file), 'utf8'));
  for (const text of [...TEXTS.values(), ...lists]) {
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      uses.set(word, (uses.get(word) ?? 0) + 1);
    }
  }
  const unused = [...TEXTS].flatMap(([file, text]) =>
    [...text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)]
      .map(([, name]) => name!)
      .filter((name) => uses.get(name) === 1 && !isPublic(file))
      .map((name) => `${file}: ${name}`),
  );
  expect(unused, 'remove them, with their tests').toEqual([]);
});

it('finds circles and nothing else', () => {
  const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  expect(findCircles(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toEqual([]);
  expect(findCircles(graph({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }))).toEqual(['a > b > c > a']);
  expect(findCircles(graph({ a: ['a'] }))).toEqual(['a > a']);
});

it('sees imports of values and types, and re-exports', () => {
  const text = [
    "import { a } from './port';",
    "import type { Name } from './name';",
    "export { parsePlatform } from './platform';",
    "type Manifest = import('./manifest').Manifest;",
    "import { z } from 'zod';",
  ].join('\n');
  expect(importsOf('packages/micro/src/platform/x.ts', text)).toEqual(
    ['port', 'name', 'platform', 'manifest'].map(
      (name) => `packages/micro/src/platform/${name}.ts`,
    ),
  );
});

/** Files at the root of the chassis, and both index files, are for users of the packages. */
function isPublic(file: string): boolean {
  return /^packages\/(?:[\w-]+\/src\/index|chassis\/src\/[\w-]+|contracts\/src\/.*)\.ts$/.test(
    file,
  );
}

function importsOf(file: string, text: string): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .flatMap(({ fileName }) => {
      const path = join(dirname(file), fileName).replace(/\.js$/, '');
      return [`${path}.ts`, `${path}/index.ts`].filter((one) => SOURCES.includes(one)).slice(0, 1);
    });
}

/** One circle per file that starts one, the shortest first found. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' > '));
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}
