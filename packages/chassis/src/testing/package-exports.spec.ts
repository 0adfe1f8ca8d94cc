import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('..', import.meta.url));
const { exports: paths } = JSON.parse(
  readFileSync(join(SRC, '../package.json'), 'utf8'),
) as Manifest;

interface Manifest {
  exports: Record<
    string,
    string | Record<'import' | 'require', Record<'types' | 'default', string>>
  >;
}

/** The import paths of services today. Removing one is a breaking change. */
const PUBLISHED = [
  '.',
  './api-docs',
  './auth',
  './client',
  './consul',
  './events',
  './gateway',
  './graphql',
  './graphql-gateway',
  './grpc',
  './inbox',
  './kafka',
  './lambda',
  './metrics',
  './mongodb',
  './mysql',
  './nats',
  './openapi',
  './outbox',
  './package.json',
  './postgres',
  './rabbitmq',
  './rate-limit',
  './redis',
  './redis-streams',
  './response-cache',
  './service-keys',
  './sqs',
  './tracing',
  './web',
];

const modules = Object.keys(paths).filter((path) => path !== './package.json');
const fileOf = (path: string) => (path === '.' ? 'index' : path.slice(2));

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.startsWith('testing'),
);

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(SRC, file), 'utf8'), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(SRC, join(SRC, dirname(file), name)).replace(/\.js$/, '.ts'));
}

describe('the paths that services import', () => {
  it('are those that were published', () => {
    expect(Object.keys(paths).sort()).toEqual(PUBLISHED);
  });

  it.each(modules)('%s has files for import and require, with types', (path) => {
    const kind = (folder: string) => ({
      types: `./dist/${folder}/${fileOf(path)}.d.ts`,
      default: `./dist/${folder}/${fileOf(path)}.js`,
    });
    expect(paths[path]).toEqual({ import: kind('esm'), require: kind('cjs') });
  });

  it('are all files at the root of src/', () => {
    const atRoot = readdirSync(SRC, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    expect(atRoot.sort()).toEqual(modules.map((path) => `${fileOf(path)}.ts`).sort());
  });
});

describe('imports within the chassis', () => {
  it('point to existing files', () => {
    const known = new Set(sources);
    expect(sources.flatMap(importsOf).filter((file) => !known.has(file))).toEqual([]);
  });

  it('form no circle, types included', () => {
    expect(findCircle(new Map(sources.map((file) => [file, importsOf(file)])))).toEqual([]);
  });
});

/** The files of one circle in order, with the first again at the end; empty if there is none. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

it('finds a circle', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  expect(findCircle(graph)).toEqual(['b', 'c', 'b']);
});
