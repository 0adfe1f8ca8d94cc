import { isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { removeItem, removePair, takeComments } from './comments';
import { keyText, mergedPairs, ownPairs, scalarText } from './merged-keys';

/**
 * `environment`, `depends_on` and `networks`: Compose accepts each as a map or as a list. The existing form is kept.
 */
export interface Entries {
  names(): string[];
  /** The value of an entry as text; `undefined` if the entry does not exist or its value is not a scalar. */
  text(name: string): string | undefined;
  /** Writes the value. The list form can hold text, but no options: there, options are dropped. */
  set(name: string, value: unknown): void;
  /** @returns whether the entry was removed: one that `<<` merges in cannot be. */
  delete(name: string): boolean;
}

/** The entries of a map or a list; none for anything else. */
export function entriesOf(document: Document, node: unknown): Entries | undefined {
  if (isMap(node)) return new MapEntries(document, node);
  return isSeq(node) ? new ListEntries(document, node) : undefined;
}

/** The entries that a map or list should have, and which of the others sync may remove. */
export interface OwnedEntries {
  wanted: Readonly<Record<string, unknown>>;
  /** Whether sync may remove an entry that is not wanted, because it wrote it earlier. */
  isStale: (name: string, text: string | undefined) => boolean;
  /** The form of the entries if there are none yet. */
  form: 'map' | 'list';
  /** Whether sync owns the value, too (`environment`), or only that the entry exists (`networks`). */
  ownsValues: boolean;
  /** Whether values contain credentials. If so, they never appear in a message. */
  isSecret?: (name: string) => boolean;
  /** How a message names the entry: `depends_on users`. */
  label?: (name: string) => string;
}

/** The map form: `environment: { PORT: 3001 }`, `networks: { edge: {} }`. Entries that `<<` merges in are included. */
export class MapEntries implements Entries {
  constructor(
    private readonly document: Document,
    private readonly map: YAMLMap,
  ) {}

  names(): string[] {
    return [...ownPairs(this.map), ...mergedPairs(this.document, this.map)].map(keyText);
  }

  text(name: string): string | undefined {
    const merged = () =>
      mergedPairs(this.document, this.map).find((pair) => keyText(pair) === name);
    return scalarText((this.find(name) ?? merged())?.value);
  }

  set(name: string, value: unknown): void {
    const pair = this.find(name);
    if (!pair) this.map.add(this.document.createPair(name, value));
    else if (isScalar(pair.value)) pair.value.value = value;
    else pair.value = takeComments(this.document.createNode(value), pair.value);
  }

  delete(name: string): boolean {
    const pair = this.find(name);
    if (pair) removePair(this.document, this.map, pair);
    return pair !== undefined;
  }

  private find(name: string): Pair | undefined {
    return ownPairs(this.map).find((pair) => keyText(pair) === name);
  }
}

/** The list form: `environment: [PORT=3001]`, `networks: [edge]`. */
export class ListEntries implements Entries {
  constructor(
    private readonly document: Document,
    private readonly list: YAMLSeq,
  ) {}

  names(): string[] {
    return this.list.items.map((item) => split(item)[0]);
  }

  text(name: string): string | undefined {
    const item = this.list.items.find((candidate) => split(candidate)[0] === name);
    return item === undefined ? undefined : split(item)[1];
  }

  set(name: string, value: unknown): void {
    const text = typeof value === 'string' ? `${name}=${value}` : name;
    const item = this.list.items.find((candidate) => split(candidate)[0] === name);
    if (isScalar(item)) item.value = text;
    else this.list.add(this.document.createNode(text));
  }

  delete(name: string): boolean {
    const index = this.list.items.findIndex((item) => split(item)[0] === name);
    if (index < 0) return false;
    removeItem(this.document, this.list, index);
    this.delete(name);
    return true;
  }
}

function split(item: unknown): [string, string | undefined] {
  const text = scalarText(item) ?? '';
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
