import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Pair,
  Scalar,
  YAMLMap,
  type Document,
  type Node,
  type YAMLSeq,
} from 'yaml';

const MERGE = '<<';

/** The value of a key of a map: its own, or the one that `<<` merges in. */
export interface Found {
  node: unknown;
  isMerged: boolean;
}

/**
 * Looks up a key as Compose does: first the map's own keys, then the maps that `<<: *shared` or `<<: [*one, *other]`
 * merges into it. The first one that has the key wins.
 */
export function findKey(document: Document, map: YAMLMap, key: string): Found | undefined {
  if (map.has(key)) return { node: map.get(key, true), isMerged: false };
  for (const source of mergedMaps(document, map)) {
    const found = findKey(document, source, key);
    if (found) return { ...found, isMerged: true };
  }
  return undefined;
}

/** The pairs that are merged into a map, without those that its own keys override. */
export function mergedPairs(document: Document, map: YAMLMap): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const source of mergedMaps(document, map)) {
    for (const pair of [...ownPairs(source), ...mergedPairs(document, source)]) {
      const name = keyText(pair);
      if (!map.has(name) && !pairs.has(name)) pairs.set(name, pair);
    }
  }
  return [...pairs.values()];
}

/** The map's own pairs, without `<<`. */
export function ownPairs(map: YAMLMap): Pair[] {
  return map.items.filter((pair) => keyText(pair) !== MERGE);
}

/**
 * An own collection that replaces a merged one: a map still merges the shared one (`<<: *name`), a list is a copy of
 * its items.
 */
export function takeOver(document: Document, shared: unknown, name: string): YAMLMap | YAMLSeq {
  if (isSeq(shared)) return shared.clone() as YAMLSeq;
  const map = new YAMLMap(document.schema);
  if (isMap(shared)) {
    const merge = new Pair<unknown, Node>(new Scalar(MERGE), document.createAlias(shared, name));
    map.items.push(merge);
  }
  return map;
}

function mergedMaps(document: Document, map: YAMLMap): YAMLMap[] {
  return map.items
    .filter((pair) => keyText(pair) === MERGE)
    .flatMap(({ value }) => (isSeq(value) ? value.items : [value]))
    .map((node) => (isAlias(node) ? node.resolve(document) : node))
    .filter((node) => isMap(node));
}

/** Whether a map has nothing of its own, only what it merges. */
export function onlyMerges(map: YAMLMap): boolean {
  return map.items.length > 0 && ownPairs(map).length === 0;
}

export function isNothing(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

/** The name of an entry. The key of a pair that was just added is not a node yet. */
export function keyText({ key }: Pair): string {
  return typeof key === 'string' ? key : (scalarText(key) ?? '');
}

/** A scalar as text, as Compose reads it; `undefined` for null and for anything else. */
export function scalarText(node: unknown): string | undefined {
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
