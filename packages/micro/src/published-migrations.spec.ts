import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../tools/generated/file';

interface Migration {
  version?: string;
  description?: string;
  implementation?: string;
  factory?: string;
}

const PACKAGE = 'packages/micro';
const { generators = {} } = JSON.parse(read(`${PACKAGE}/migrations.json`)) as {
  generators?: Record<string, Migration>;
};

/** `./dist/migrations/<name>/migration#run` -> `packages/micro/src/migrations/<name>/migration` and the name of its export. */
function sourceOf({ implementation, factory }: Migration): { source: string; exported: string } {
  const [file = '', exported = 'default'] = (implementation ?? factory ?? '').split('#');
  return { source: file.replace(/^\.\/dist\//, `${PACKAGE}/src/`), exported };
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const isThere = (path: string) => existsSync(join(ROOT, path));

/** Whether a module declares what Nx will call. */
function hasExport(source: string, exported: string): boolean {
  const text = read(`${source}.ts`);
  return exported === 'default'
    ? /^export default\b/m.test(text)
    : new RegExp(`^export (async )?(function|const) ${exported}\\b`, 'm').test(text);
}

test('every migration has a version, code, a test with a rerun case, and a line in the changelog', () => {
  const problems = Object.entries(generators).flatMap(([name, migration]) => {
    const { source, exported } = sourceOf(migration);
    const spec = `${source}.spec.ts`;
    return [
      ...(/^\d+\.\d+\.\d+/.test(migration.version ?? '') ? [] : [`${name}: no version`]),
      ...(migration.description ? [] : [`${name}: no description`]),
      ...(isThere(`${source}.ts`) && hasExport(source, exported)
        ? []
        : [`${name}: no ${exported} in ${source}.ts`]),
      ...(isThere(spec) && /\bagain\b/.test(read(spec))
        ? []
        : [`${name}: no it('… again …') in ${spec}`]),
      ...(read('CHANGELOG.md').includes(`\`${name}\``)
        ? []
        : [`${name}: CHANGELOG.md does not name \`${name}\``]),
    ];
  });
  expect(problems).toEqual([]);
});
