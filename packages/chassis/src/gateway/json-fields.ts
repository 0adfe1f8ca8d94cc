import { createHash } from 'node:crypto';

/** Changes of the fields of JSON. `customer.name` is a field of a field; lists mean each of their items. */
export interface FieldChanges {
  /** New names, which stay at the same place: `{ order_id: 'id', 'customer.full_name': 'name' }`. */
  rename?: Readonly<Record<string, string>>;
  remove?: readonly string[];
}

/** What happens to one field, and to the fields in it. */
interface Change {
  name?: string;
  isRemoved?: boolean;
  inner: Map<string, Change>;
}

/**
 * A function that changes the fields of JSON text. Numbers are passed on exactly, also those that JavaScript cannot
 * represent. If a renamed field has the name of another field, it replaces that.
 *
 * @throws {SyntaxError} (the function) for text that is not JSON.
 */
export function fieldMapper({ rename = {}, remove = [] }: FieldChanges): (text: string) => string {
  const root: Change = { inner: new Map() };
  for (const path of remove) changeAt(root, path).isRemoved = true;
  for (const [path, name] of Object.entries(rename)) changeAt(root, path).name = name;
  return (text) => JSON.stringify(applyChanges(parseExactly(text), root));
}

/** Changes if the mapping does, so that an entity tag names what the caller really has. */
export function mappingTag(changes: FieldChanges): string {
  return createHash('sha256').update(JSON.stringify(changes)).digest('hex').slice(0, 8);
}

function changeAt(root: Change, path: string): Change {
  return path.split('.').reduce<Change>((change, name) => {
    const inner = change.inner.get(name) ?? { inner: new Map<string, Change>() };
    change.inner.set(name, inner);
    return inner;
  }, root);
}

function applyChanges(value: unknown, change: Change): unknown {
  if (change.inner.size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => applyChanges(item, change));
  if (typeof value !== 'object' || value === null || isRaw(value)) return value;
  const entries = Object.entries(value as Record<string, unknown>).flatMap(([name, inner]) => {
    const found = change.inner.get(name);
    if (found?.isRemoved) return [];
    const isRenamed = found?.name !== undefined && found.name !== name;
    return [
      { name: found?.name ?? name, isRenamed, inner: found ? applyChanges(inner, found) : inner },
    ];
  });
  const taken = new Set(entries.filter(({ isRenamed }) => isRenamed).map(({ name }) => name));
  return Object.fromEntries(
    entries
      .filter(({ name, isRenamed }) => isRenamed || !taken.has(name))
      .map(({ name, inner }) => [name, inner]),
  );
}

/** https://github.com/tc39/proposal-json-parse-with-source, in Node 21 and later. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}
interface Source {
  source?: string;
}

const exact: ExactJson | undefined = 'rawJSON' in JSON ? (JSON as unknown as ExactJson) : undefined;

/** Digits that a double may not hold, or an exponent that may be out of its range. Also matches in texts. */
const MAY_LOSE_DIGITS = /[\d.]{16}|\d[eE][+-]?\d{3}/;

function parseExactly(text: string): unknown {
  if (!exact || !MAY_LOSE_DIGITS.test(text)) return JSON.parse(text);
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? exact.rawJSON(source)
      : value,
  );
}

function isRaw(value: object): boolean {
  return exact?.isRawJSON(value) ?? false;
}
