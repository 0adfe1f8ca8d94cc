import { isMap, isScalar, isSeq, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { removeItem, removePair, takeComments } from './comments';
import { keyText, mergedPairs, ownPairs, scalarText } from './merged-keys';

/**
 * What Compose lets a person write as a map or as a list: `environment`, `depends_on`, `networks`.
 * The form that is there stays.
 */
export interface Entries {
  names(): string[];
  /** The text of a scalar value; `undefined` if the entry has none or is not there. */
  text(name: string): string | undefined;
  /** Writes the value if the list form can hold it: it can hold text, but no options. */
  set(name: string, value: unknown): void;
  /** @returns whether it was there to be removed: what `<<` merges in is not. */
  delete(name: string): boolean;
}

/** The entries of a map or a list; of anything else there are none. */
export function entriesOf(document: Document, node: unknown): Entries | undefined {
  if (isMap(node)) return new MapEntries(document, node);
  return isSeq(node) ? new ListEntries(document, node) : undefined;
}

/** What entries of a map or list should be there, and which of the others are ours to remove. */
export interface OwnedEntries {
  wanted: Readonly<Record<string, unknown>>;
  /** Whether an entry that is not wanted stands there only because we once wrote it. */
  isStale: (name: string, text: string | undefined) => boolean;
  /** How the entries are written if there are none yet. */
  form: 'map' | 'list';
  /** Whether the value is ours too (`environment`), or only that the entry is there (`networks`). */
  ownsValues: boolean;
  /** Values that carry a credential: they never reach a message. */
  isSecret?: (name: string) => boolean;
  /** What a message calls the entry: `depends_on users`. */
  label?: (name: string) => string;
}

/** `environment: { PORT: 3001 }`, `networks: { edge: {} }`; what `<<` merges in is an entry, too. */
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

/** `environment: [PORT=3001]`, `networks: [edge]` */
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
