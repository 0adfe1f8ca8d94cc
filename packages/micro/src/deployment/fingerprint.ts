import { createHash } from 'node:crypto';
import type { ComposeEntry } from './entry';

/**
 * Keys that are not part of the label: the image counts by its image key, dependencies do not change the container, and
 * `develop` is only for the developer's machine.
 */
const NOT_COUNTED = new Set([
  'image',
  'build',
  'depends_on',
  'deploy',
  'develop',
  'scale',
  'labels',
]);

/**
 * One short hash per key of a rendered entry: `environment=1f3a9c20 ports=88ab01cd`. If the text is equal, the entry
 * did not change; if not, it shows which keys changed.
 */
export function entryLabel(entry: ComposeEntry): string {
  const counted = { ...entry, resources: resourcesOf(entry) };
  return Object.keys(counted)
    .filter((key) => !NOT_COUNTED.has(key) && !isEmpty((counted as ComposeEntry)[key]))
    .sort()
    .map((key) => `${key}=${shortHash((counted as ComposeEntry)[key])}`)
    .join(' ');
}

/** The keys in which two entry labels differ, sorted. */
export function changedEntryKeys(before: string, after: string): string[] {
  const parse = (label: string) =>
    new Map(
      label.split(' ').map((part): [string, string] => {
        const [key = '', hash = ''] = part.split('=');
        return [key, hash];
      }),
    );
  const old = parse(before);
  const now = parse(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => key !== '' && old.get(key) !== now.get(key))
    .sort();
}

function resourcesOf(entry: ComposeEntry): unknown {
  return (entry['deploy'] as { resources?: unknown } | undefined)?.resources;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null;
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex').slice(0, 8);
}

/** JSON with sorted keys, so that the order in a file does not count. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
