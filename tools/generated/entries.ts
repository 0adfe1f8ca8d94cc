import { readCommitted } from './file.js';

export type EntryKind = 'generator' | 'executor';

/** An entry of generators.json or executors.json. */
export interface Entry {
  kind: EntryKind;
  name: string;
  description: string;
  hidden: boolean;
  /** The source folder, relative to the repository's root. */
  folder: string;
  /** The source file of its code, without extension. */
  implementation: string;
  /** The source file of its schema. */
  schema: string;
}

interface EntryJson {
  factory?: string;
  implementation?: string;
  schema?: string;
  description?: string;
  hidden?: boolean;
}

const PACKAGE = 'packages/micro';

/** What the plugin publishes. Nx reads dist/; the sources are in src/. */
export function readEntries(kind: EntryKind): Entry[] {
  const text = readCommitted(`${PACKAGE}/${kind}s.json`) || '{}';
  const json = JSON.parse(text) as Partial<Record<string, Record<string, EntryJson>>>;
  return Object.entries(json[`${kind}s`] ?? {}).map(([name, entry]) => ({
    kind,
    name,
    description: entry.description ?? '',
    hidden: entry.hidden ?? false,
    folder: `${PACKAGE}/src/${kind}s/${name}`,
    implementation: toSource(entry.factory ?? entry.implementation ?? ''),
    schema: toSource(entry.schema ?? ''),
  }));
}

/** `./dist/generators/init/schema.json` -> `packages/micro/src/generators/init/schema.json` */
function toSource(path: string): string {
  return path.replace(/^\.\/(?:dist|src)\//, `${PACKAGE}/src/`);
}
