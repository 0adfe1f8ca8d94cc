import { isScalar, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';

/**
 * What Compose lets a person write as a map or as a list: `environment`, `depends_on`, `networks`.
 * The form that is there stays.
 */
export interface Entries {
  names(): string[];
  /** The text of a scalar value; `undefined` where the entry has none or is not there. */
  text(name: string): string | undefined;
  /** Writes the value, where the list form can carry it: text does, options do not. */
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

/** `environment: { PORT: 3001 }`, `networks: { edge: {} }` */
export class MapEntries implements Entries {
  constructor(
    private readonly document: Document,
    private readonly map: YAMLMap,
  ) {}

  names(): string[] {
    return this.map.items.map(keyText);
  }

  text(name: string): string | undefined {
    return scalarText(this.find(name)?.value);
  }

  set(name: string, value: unknown): void {
    const pair = this.find(name);
    if (!pair) this.map.add(this.document.createPair(name, value));
    else if (isScalar(pair.value)) pair.value.value = value;
    else pair.value = this.document.createNode(value);
  }

  delete(name: string): void {
    const pair = this.find(name);
    if (pair) this.map.items.splice(this.map.items.indexOf(pair), 1);
  }

  private find(name: string): Pair | undefined {
    return this.map.items.find((pair) => keyText(pair) === name);
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

  delete(name: string): void {
    this.list.items = this.list.items.filter((item) => split(item)[0] !== name);
  }
}

/** The name of an entry; a key that was just added is no node yet. */
export function keyText({ key }: Pair): string {
  return typeof key === 'string' ? key : (scalarText(key) ?? '');
}

/** A scalar as text, as Compose reads it; `undefined` for null and for anything else. */
export function scalarText(node: unknown): string | undefined {
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function split(item: unknown): [string, string | undefined] {
  const text = scalarText(item) ?? '';
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
