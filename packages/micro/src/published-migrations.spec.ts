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

/** `packages/micro/src/migrations/<name>/migration`, what `./dist/migrations/<name>/migration` is compiled from. */
function sourceOf({ implementation, factory }: Migration): string {
  return (implementation ?? factory ?? '').replace(/^\.\/dist\//, `${PACKAGE}/src/`);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const isThere = (path: string) => existsSync(join(ROOT, path));

test('every migration has a version, code, a test with a rerun case, and a line in the changelog', () => {
  const problems = Object.entries(generators).flatMap(([name, migration]) => {
    const source = sourceOf(migration);
    const spec = `${source}.spec.ts`;
    return [
      ...(/^\d+\.\d+\.\d+/.test(migration.version ?? '') ? [] : [`${name}: no version`]),
      ...(migration.description ? [] : [`${name}: no description`]),
      ...(source !== '' && isThere(`${source}.ts`) ? [] : [`${name}: no ${source}.ts`]),
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
