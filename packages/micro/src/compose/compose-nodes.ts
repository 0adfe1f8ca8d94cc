import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
} from 'yaml';
import { PlatformError } from '../platform/problem';
import { parseYamlDocument } from '../platform/yaml-source';
import { removePair, takeComments } from './comments';
import { entriesOf, type Entries } from './entries';
import { findKey, isNothing, keyText, takeOver, type Found } from './merged-keys';

export type ComposePath = readonly string[];

/**
 * The nodes of one compose file by their path. Reading follows `<<`; writing changes only what the file itself has at
 * that path.
 */
export class ComposeNodes {
  readonly document: Document;
  private readonly lineAt: (offset: number) => number;

  /** @throws {PlatformError} if the text is not YAML, or not a map. */
  constructor(
    private readonly path: string,
    text: string,
  ) {
    const { document, lineAt, problems } = parseYamlDocument(path, text);
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

  node(path: ComposePath): unknown {
    return this.find(path)?.node;
  }

  /** The node at a path, including what `<<` merges in. */
  find(path: ComposePath): Found | undefined {
    let found: Found = { node: this.document.contents, isMerged: false };
    for (const [depth, key] of path.entries()) {
      if (isNothing(found.node)) return undefined;
      if (!isMap(found.node)) return this.fail(path.slice(0, depth), 'a map');
      const next = findKey(this.document, found.node, key);
      if (!next) return undefined;
      found = { node: next.node, isMerged: found.isMerged || next.isMerged };
    }
    return found;
  }

  isOwn(path: ComposePath): boolean {
    const found = this.find(path);
    return found !== undefined && !found.isMerged && !isNothing(found.node);
  }

  add(path: ComposePath, value: unknown): void {
    this.put(path, this.document.createNode(value));
  }

  put(path: ComposePath, node: Node): void {
    const map = this.map(path.slice(0, -1));
    const key = path.at(-1)!;
    map.set(key, takeComments(node, map.get(key, true)));
  }

  /**
   * Removes the file's own value. An empty list is kept if removing it would bring back a merged list that it
   * overrides.
   */
  delete(path: ComposePath): void {
    const map = this.map(path.slice(0, -1));
    const key = path.at(-1)!;
    const pair = map.items.find((one) => keyText(one) === key);
    if (!pair) return;
    const { value } = pair;
    removePair(this.document, map, pair);
    if (isSeq(value) && findKey(this.document, map, key))
      map.set(key, new YAMLSeq(this.document.schema));
  }

  map(path: ComposePath): YAMLMap {
    return this.own(path, isMap, 'a map', () => new YAMLMap(this.document.schema));
  }

  list(path: ComposePath): YAMLSeq {
    const list = this.own(path, isSeq, 'a list', () => new YAMLSeq(this.document.schema));
    // An empty list can only be written as `[]`. Once it has items, it reads better as a block.
    if (list.items.length === 0) list.flow = false;
    return list;
  }

  /**
   * The collection at a path as the file's own, so that it can be edited. If `<<` merges it in, it is copied first: a
   * map keeps merging the shared one, a list gets its items.
   */
  own<Kind extends YAMLMap | YAMLSeq>(
    path: ComposePath,
    isKind: (node: unknown) => node is Kind,
    shape: string,
    create: () => Kind,
  ): Kind {
    const found = this.find(path);
    const isEmpty = !found || isNothing(found.node);
    if (!isEmpty && !isKind(found.node)) return this.fail(path, shape);
    if (!isEmpty && !found.isMerged) return found.node as Kind;
    const made = isEmpty ? create() : takeOver(this.document, found.node, path.slice(1).join('-'));
    this.put(path, made);
    return made as Kind;
  }

  entries(path: ComposePath, form: 'map' | 'list'): Entries {
    const node = this.node(path);
    const isKnown = isMap(node) || isSeq(node);
    if (!isKnown && !isNothing(node)) return this.fail(path, 'a map or a list');
    const isList = isKnown ? isSeq(node) : form === 'list';
    const own = isList ? this.list(path) : this.map(path);
    if (own.items.length === 0) own.flow = false;
    return entriesOf(this.document, own)!;
  }

  refuseMerged(path: ComposePath, node: unknown, drift: string): never {
    return this.refuse(
      node,
      `${nameOf(path)} is merged into ${path.slice(0, 2).join('.')} with "<<", but ${drift}: remove it from the shared values`,
    );
  }

  fail(path: ComposePath, shape: string): never {
    const node = this.node(path);
    const hint = isAlias(node)
      ? `; "*${node.source}" stands for values that are shared: merge them with "<<: *${node.source}"`
      : '';
    const what = path.length === 0 ? 'the file' : path.join('.');
    return this.refuse(node, `${what} must be ${shape}${hint}`);
  }

  refuse(node: unknown, message: string): never {
    const line = isNode(node) && node.range ? this.lineAt(node.range[0]) : 1;
    throw new PlatformError([{ file: this.path, line, message }]);
  }
}

/** How a message names a key of an entry: `deploy.replicas`. */
export function nameOf(path: ComposePath): string {
  return path.slice(2).join('.') || path.join('.');
}
