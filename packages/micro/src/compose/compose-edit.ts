import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  YAMLMap,
  YAMLSeq,
  type Document,
} from 'yaml';
import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { PlatformError } from '../platform/problem';
import { parseYamlDocument } from '../platform/yaml-source';
import { keyText, ListEntries, MapEntries, scalarText, type Entries } from './entries';
import { keepLines } from './keep-lines';

export type ComposePath = readonly string[];

/** What entries of a map or list should be there, and which of the others are ours to remove. */
export interface OwnedEntries {
  wanted: Readonly<Record<string, unknown>>;
  /** Whether an entry that is not wanted stands there only because we once wrote it. */
  isStale: (name: string, text: string | undefined) => boolean;
  /** How the entries are written where there are none yet. */
  form: 'map' | 'list';
  /** Whether the value is ours too (`environment`), or only that the entry is there (`networks`). */
  ownsValues: boolean;
  /** Values that carry a credential: they never reach a message. */
  isSecret?: (name: string) => boolean;
  /** What a message calls the entry: `depends_on users`. */
  label?: (name: string) => string;
}

/** One compose file while it is brought in step: every change is recorded in plain words. */
export class ComposeEdit {
  private readonly document: Document;
  private readonly lineAt: (offset: number) => number;
  private readonly drift: string[] = [];

  /**
   * @param current the file's text; absent where it is to be created.
   * @throws {PlatformError} where the text is not YAML, or not a map.
   */
  constructor(
    private readonly path: string,
    private readonly current: string | undefined,
    header = '',
  ) {
    const { document, lineAt, problems } = parseYamlDocument(path, current ?? header);
    if (problems.length > 0) throw new PlatformError(problems);
    this.document = document;
    this.lineAt = lineAt;
    const { contents } = this.document;
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      this.document.contents = new YAMLMap(this.document.schema);
    } else if (!isMap(contents)) {
      this.fail([], 'a map');
    }
  }

  has(path: ComposePath): boolean {
    const node = this.node(path);
    return node !== undefined && !isEmpty(node);
  }

  /** The value as plain data. */
  value(path: ComposePath): unknown {
    const node = this.node(path);
    return isNode(node) ? (node.toJS(this.document) as unknown) : undefined;
  }

  /** Sets a value that is ours, and says so where it was another. */
  set(path: ComposePath, wanted: string | number): void {
    const node = this.node(path);
    const is = scalarText(node);
    if (is === String(wanted)) return;
    const what = path.slice(2).join('.') || path.join('.');
    if (isScalar(node)) node.value = wanted;
    else if (node === undefined) this.add(path, wanted);
    else this.fail(path, 'a single value');
    this.drift.push(formatDrift(what, is, String(wanted)));
  }

  /** Sets a list or map that is wholly ours, and says so where it was another. */
  put(path: ComposePath, wanted: unknown, drift: string): void {
    if (isDeepStrictEqual(this.value(path), wanted)) return;
    this.write(path, wanted, drift);
  }

  /** Writes what a person may change later, where there is no value. */
  seed(path: ComposePath, value: unknown, drift?: string): void {
    if (!this.has(path)) this.write(path, value, drift);
  }

  /**
   * Like {@link seed}, in front of the first key that sorts behind it, so that two branches which add
   * an entry each seldom touch the same line.
   */
  seedSorted(path: ComposePath, value: unknown, drift: string): void {
    if (this.has(path)) return;
    const key = path.at(-1)!;
    const map = this.map(path.slice(0, -1));
    const next = map.items.findIndex((pair) => keyText(pair) > key);
    if (next < 0 || map.has(key)) return this.write(path, value, drift);
    map.items.splice(next, 0, this.document.createPair(key, value));
    this.drift.push(drift);
  }

  /** Like {@link seed}, for declarations: in `networks` and `volumes` a key needs no value. */
  declare(path: ComposePath, value: unknown, drift?: string): void {
    if (this.node(path) === undefined) this.write(path, value, drift);
  }

  /** Removes what is there, with the maps around it that it leaves empty below `depth` keys. */
  remove(path: ComposePath, drift: string, depth = path.length): void {
    if (this.node(path) === undefined) return;
    this.document.deleteIn(path);
    for (let length = path.length - 1; length >= depth; length--) {
      const parent = this.node(path.slice(0, length));
      if (!isCollection(parent) || parent.items.length > 0) break;
      this.document.deleteIn(path.slice(0, length));
    }
    this.drift.push(drift);
  }

  /** The entries of a map or list with their text, as they are. */
  read(path: ComposePath): ReadonlyMap<string, string | undefined> {
    if (!this.has(path)) return new Map();
    const entries = this.entries(path, 'map');
    return new Map(entries.names().map((name) => [name, entries.text(name)]));
  }

  /** Brings the entries of `environment`, `depends_on` or `networks` in step. */
  converge(path: ComposePath, owned: OwnedEntries): void {
    const { wanted, isStale, ownsValues, isSecret, label = (name) => name } = owned;
    if (!this.has(path) && Object.keys(wanted).length === 0) return;
    const entries = this.entries(path, owned.form);
    for (const name of entries.names()) {
      if (Object.hasOwn(wanted, name) || !isStale(name, entries.text(name))) continue;
      entries.delete(name);
      this.drift.push(formatStale(label(name)));
    }
    for (const [name, value] of Object.entries(wanted)) {
      const isThere = entries.names().includes(name);
      const is = entries.text(name);
      if (isThere && (!ownsValues || is === value)) continue;
      entries.set(name, value);
      this.drift.push(
        isThere && isSecret?.(name)
          ? `${label(name)} is not what the manifest says`
          : formatDrift(label(name), isThere ? (is ?? 'not set') : undefined, String(value)),
      );
    }
    if (entries.names().length === 0) this.document.deleteIn(path);
  }

  /** The items of the list at `path`, as plain data. */
  items(path: ComposePath): unknown[] {
    const node = this.node(path);
    if (node === undefined || isEmpty(node)) return [];
    if (!isSeq(node)) return this.fail(path, 'a list');
    return node.items.map((item) =>
      isNode(item) ? (item.toJS(this.document) as unknown) : undefined,
    );
  }

  /** Puts an item at `index` of the list at `path`. */
  insertItem(path: ComposePath, index: number, value: unknown, drift: string): void {
    const list = this.list(path);
    list.items.splice(index, 0, this.document.createNode(value));
    this.drift.push(drift);
  }

  /** Puts another item in the place of the one at `index`. */
  replaceItem(path: ComposePath, index: number, value: unknown, drift: string): void {
    this.list(path).items[index] = this.document.createNode(value);
    this.drift.push(drift);
  }

  /** Removes the item at `index`, and the list where it was the last. */
  removeItem(path: ComposePath, index: number, drift: string): void {
    const list = this.list(path);
    list.items.splice(index, 1);
    if (list.items.length === 0) this.document.deleteIn(path);
    this.drift.push(drift);
  }

  toFile(): DerivedFile {
    const { path, current } = this;
    if (current !== undefined && this.drift.length === 0) return { path, text: current, drift: [] };
    return current === undefined
      ? { path, text: format(this.document, ''), drift: ['the file is missing'] }
      : { path, text: formatEdited(this.document, path, current), drift: this.drift };
  }

  private node(path: ComposePath): unknown {
    return path.reduce<unknown>((parent, key, depth) => {
      if (parent === undefined || isEmpty(parent)) return undefined;
      if (isMap(parent)) return parent.get(key, true);
      return this.fail(path.slice(0, depth), 'a map');
    }, this.document.contents);
  }

  private write(path: ComposePath, value: unknown, drift: string | undefined): void {
    this.add(path, value);
    if (drift !== undefined) this.drift.push(drift);
  }

  private add(path: ComposePath, value: unknown): void {
    this.map(path.slice(0, -1)).set(path.at(-1)!, this.document.createNode(value));
  }

  private map(path: ComposePath): YAMLMap {
    const node = path.length === 0 ? this.document.contents : this.node(path);
    if (isMap(node)) return node;
    if (node !== undefined && !isEmpty(node)) return this.fail(path, 'a map');
    const map = new YAMLMap(this.document.schema);
    this.map(path.slice(0, -1)).set(path.at(-1)!, map);
    return map;
  }

  private list(path: ComposePath): YAMLSeq {
    const node = this.node(path);
    if (isSeq(node)) {
      // An empty list can only be written as `[]`; with items it reads better as a block.
      if (node.items.length === 0) node.flow = false;
      return node;
    }
    if (node !== undefined && !isEmpty(node)) return this.fail(path, 'a list');
    const list = new YAMLSeq(this.document.schema);
    this.map(path.slice(0, -1)).set(path.at(-1)!, list);
    return list;
  }

  private entries(path: ComposePath, form: 'map' | 'list'): Entries {
    const node = this.node(path);
    if (isSeq(node)) return new ListEntries(this.document, this.list(path));
    if (isMap(node)) {
      if (node.items.length === 0) node.flow = false;
      return new MapEntries(this.document, node);
    }
    if (node !== undefined && !isEmpty(node)) return this.fail(path, 'a map or a list');
    return form === 'map'
      ? new MapEntries(this.document, this.map(path))
      : new ListEntries(this.document, this.list(path));
  }

  private fail(path: ComposePath, shape: string): never {
    const node = this.document.getIn(path, true);
    const line = isNode(node) && node.range ? this.lineAt(node.range[0]) : 1;
    const what = path.length === 0 ? 'the file' : path.join('.');
    const hint = isAlias(node)
      ? `; "*${node.source}" stands for values that are shared: merge them with "<<: *${node.source}"`
      : '';
    throw new PlatformError([
      { file: this.path, line, message: `${what} must be ${shape}${hint}` },
    ]);
  }
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/**
 * The document as text: the person's lines where nothing was edited, and what is new as Prettier
 * would leave it, so that a format check and `nx sync` never disagree.
 */
function formatEdited(document: Document, path: string, current: string): string {
  const original = current.replaceAll('\r\n', '\n');
  const edited = format(document, original);
  const formatted = format(parseYamlDocument(path, original).document, original);
  const merged = keepLines(original, formatted, edited);
  // Lines do not know YAML's structure; where a merge by line is another document, layout yields.
  const text = isSameDocument(merged, edited) ? merged : edited;
  return current.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}

function isSameDocument(merged: string, edited: string): boolean {
  const document = parseDocument(merged);
  return (
    document.errors.length === 0 && isDeepStrictEqual(document.toJS(), parseDocument(edited).toJS())
  );
}

function format(document: Document, current: string): string {
  visit(document, {
    // Prettier pads `{ a: 1 }` and not `[a]`; the library knows one setting for both.
    Seq: (_key, seq) => {
      if (!seq.flow) return;
      seq.toString = function (context, ...rest) {
        return YAMLSeq.prototype.toString.call(
          this,
          context && { ...context, flowCollectionPadding: '' },
          ...rest,
        );
      };
    },
  });
  return document.toString({
    lineWidth: 0,
    singleQuote: true,
    nullStr: '',
    indent: /^( +)\S/m.exec(current)?.[1]?.length ?? 2,
  });
}
