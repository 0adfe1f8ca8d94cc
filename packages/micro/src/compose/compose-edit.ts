import { isDeepStrictEqual } from 'node:util';
import { isCollection, isMap, isNode, isScalar, isSeq, type Document } from 'yaml';
import { formatDrift, formatStale, type DerivedFile } from '../platform/derived-file';
import { keepWithFirst, removeItem, takeComments } from './comments';
import { ComposeNodes, nameOf, type ComposePath } from './compose-nodes';
import { formatDocument, formatEdited } from './document-text';
import { entriesOf, type OwnedEntries } from './entries';
import { isNothing, keyText, onlyMerges, scalarText } from './merged-keys';

/** A compose file that sync edits. Every change is recorded in words. */
export class ComposeEdit {
  private readonly document: Document;
  private readonly nodes: ComposeNodes;
  private readonly drift: string[] = [];

  /**
   * @param current the file's text; absent if it is to be created.
   * @throws {PlatformError} if the text is not YAML, or not a map.
   */
  constructor(
    private readonly path: string,
    private readonly current: string | undefined,
    header = '',
  ) {
    this.nodes = new ComposeNodes(path, current ?? header);
    this.document = this.nodes.document;
  }

  has(path: ComposePath): boolean {
    const node = this.nodes.node(path);
    return node !== undefined && !isNothing(node);
  }

  /** The value as plain data. */
  value(path: ComposePath): unknown {
    const node = this.nodes.node(path);
    return isNode(node) ? (node.toJS(this.document) as unknown) : undefined;
  }

  /** Sets a value that sync owns, and records drift if it was different. */
  set(path: ComposePath, wanted: string | number): void {
    const node = this.nodes.node(path);
    const is = scalarText(node);
    if (is === String(wanted)) return;
    if (!isScalar(node) && node !== undefined) this.nodes.fail(path, 'a single value');
    if (isScalar(node) && !this.nodes.find(path)?.isMerged) node.value = wanted;
    else this.nodes.add(path, wanted);
    this.drift.push(formatDrift(nameOf(path), is, String(wanted)));
  }

  /** Sets a list or map that sync owns as a whole, and records drift if it was different. */
  put(path: ComposePath, wanted: unknown, drift: string): void {
    if (isDeepStrictEqual(this.value(path), wanted)) return;
    this.write(path, wanted, drift);
  }

  /** Writes a default if there is no value. A person may change it later. */
  seed(path: ComposePath, value: unknown, drift?: string): void {
    if (!this.has(path)) this.write(path, value, drift);
  }

  /**
   * Like {@link seed}, but inserts the entry in sorted order, so that two branches that each add an entry rarely touch
   * the same line.
   */
  seedSorted(path: ComposePath, value: unknown, drift: string): void {
    if (this.has(path)) return;
    const key = path.at(-1)!;
    const map = this.nodes.map(path.slice(0, -1));
    const next = map.items.findIndex((pair) => keyText(pair) > key);
    if (next < 0 || map.has(key)) return this.write(path, value, drift);
    if (next === 0) keepWithFirst(this.document, map);
    map.items.splice(next, 0, this.document.createPair(key, value));
    this.drift.push(drift);
  }

  /** Like {@link seed}, for declarations in `networks` and `volumes`, where a key needs no value. */
  declare(path: ComposePath, value: unknown, drift?: string): void {
    if (this.nodes.node(path) === undefined) this.write(path, value, drift);
  }

  /**
   * Removes a value, and the maps around it that become empty, except the outermost `depth` keys.
   *
   * @throws {PlatformError} if the value is merged in with `<<`: others may need it, too.
   */
  remove(path: ComposePath, drift: string, depth = path.length): void {
    const found = this.nodes.find(path);
    if (!found || found.node === undefined) return;
    if (found.isMerged) this.nodes.refuseMerged(path, found.node, drift);
    this.nodes.delete(path);
    for (let length = path.length - 1; length >= depth; length--) {
      const parent = this.nodes.node(path.slice(0, length));
      if (!isCollection(parent) || parent.items.length > 0) break;
      this.nodes.delete(path.slice(0, length));
    }
    this.drift.push(drift);
  }

  /** The entries of a map or list with their values as text. */
  read(path: ComposePath): ReadonlyMap<string, string | undefined> {
    if (!this.has(path)) return new Map();
    const entries =
      entriesOf(this.document, this.nodes.node(path)) ?? this.nodes.fail(path, 'a map or a list');
    return new Map(entries.names().map((name) => [name, entries.text(name)]));
  }

  /** Updates the entries of `environment`, `depends_on` or `networks`. */
  converge(path: ComposePath, owned: OwnedEntries): void {
    const { wanted, isStale, ownsValues, isSecret, label = (name) => name } = owned;
    if (!this.has(path) && Object.keys(wanted).length === 0) return;
    const isNew = !this.nodes.isOwn(path);
    const entries = this.nodes.entries(path, owned.form);
    for (const name of entries.names()) {
      if (Object.hasOwn(wanted, name) || !isStale(name, entries.text(name))) continue;
      if (!entries.delete(name)) continue;
      this.drift.push(formatStale(label(name)));
    }
    for (const [name, value] of Object.entries(wanted)) {
      const isThere = entries.names().includes(name);
      const is = entries.text(name);
      if (isThere && (!ownsValues || is === value)) continue;
      entries.set(name, value);
      this.drift.push(
        isThere && isSecret?.(name)
          ? `${label(name)} does not match the manifest`
          : formatDrift(label(name), isThere ? (is ?? 'not set') : undefined, String(value)),
      );
    }
    const node = this.nodes.node(path);
    // What is merged in already says everything, so there is nothing to add.
    if (isNew && isMap(node) && onlyMerges(node)) this.nodes.delete(path);
    else if (entries.names().length === 0) this.nodes.delete(path);
  }

  /** The items of the list at `path`, as plain data. */
  items(path: ComposePath): unknown[] {
    const node = this.nodes.node(path);
    if (node === undefined || isNothing(node)) return [];
    if (!isSeq(node)) return this.nodes.fail(path, 'a list');
    return node.items.map((item) =>
      isNode(item) ? (item.toJS(this.document) as unknown) : undefined,
    );
  }

  /** Puts an item at `index` of the list at `path`. */
  insertItem(path: ComposePath, index: number, value: unknown, drift: string): void {
    const list = this.nodes.list(path);
    if (index === 0) keepWithFirst(this.document, list);
    list.items.splice(index, 0, this.document.createNode(value));
    this.drift.push(drift);
  }

  /** Replaces the item at `index`. */
  replaceItem(path: ComposePath, index: number, value: unknown, drift: string): void {
    const { items } = this.nodes.list(path);
    items[index] = takeComments(this.document.createNode(value), items[index]);
    this.drift.push(drift);
  }

  /** Removes the item at `index`, and the list if it was the last item. */
  removeItem(path: ComposePath, index: number, drift: string): void {
    const list = this.nodes.list(path);
    removeItem(this.document, list, index);
    if (list.items.length === 0) this.nodes.delete(path);
    this.drift.push(drift);
  }

  toFile(): DerivedFile {
    const { path, current } = this;
    if (current !== undefined && this.drift.length === 0) return { path, text: current, drift: [] };
    return current === undefined
      ? { path, text: formatDocument(this.document, ''), drift: ['the file is missing'] }
      : { path, text: formatEdited(this.document, path, current), drift: this.drift };
  }

  private write(path: ComposePath, value: unknown, drift: string | undefined): void {
    this.nodes.add(path, value);
    if (drift !== undefined) this.drift.push(drift);
  }
}
