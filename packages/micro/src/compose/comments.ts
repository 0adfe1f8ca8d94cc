import {
  isCollection,
  isNode,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/**
 * A comment in paragraphs. The last one, if no blank line follows, is about the next entry. The others are about
 * everything that follows.
 */
interface Comment {
  whole: string | null;
  entry: string | null;
}

const BLANK_LINE = '\n\n';

/** Removes a pair and the comment about it. Other comments stay. */
export function removePair(document: Document, map: YAMLMap, pair: Pair): void {
  const index = map.items.indexOf(pair);
  if (index < 0) return;
  removeEntry(document, map, index, commentOwner(pair), leftIn(pair.value));
}

/** Removes an item of a list and the comment about it. Other comments stay. */
export function removeItem(document: Document, list: YAMLSeq, index: number): void {
  const item = list.items[index];
  removeEntry(document, list, index, isNode(item) ? item : undefined, null);
}

/** Keeps the comment over a collection's first entry with that entry when a new entry is added before it. */
export function keepWithFirst(document: Document, collection: YAMLMap | YAMLSeq): void {
  const first = collection.items[0];
  const owner = isNode(first)
    ? first
    : first === undefined
      ? undefined
      : commentOwner(first as Pair);
  if (!owner) return;
  if (collection === document.contents) {
    const { whole, entry } = split(owner.commentBefore, true);
    if (whole === null) return;
    owner.commentBefore = entry;
    document.commentBefore = join(document.commentBefore, whole);
    return;
  }
  const { whole, entry } = split(collection.commentBefore);
  if (entry === null) return;
  collection.commentBefore = withBlankLine(whole);
  owner.commentBefore = join(entry, owner.commentBefore);
}

/** Moves the comments of a node to the node that replaces it. */
export function takeComments<New extends Node>(node: New, old: unknown): New {
  if (!isNode(old)) return node;
  // A comment behind a value cannot stay there if the new value takes several lines.
  const behind = isCollection(node) && !node.flow && !isCollection(old) ? old.comment : undefined;
  node.commentBefore = join(old.commentBefore, behind);
  node.comment = behind === undefined ? old.comment : null;
  if (old.spaceBefore) node.spaceBefore = true;
  return node;
}

function removeEntry(
  document: Document,
  collection: YAMLMap | YAMLSeq,
  index: number,
  owner: Node | undefined,
  left: string | null,
): void {
  const isRoot = collection === document.contents;
  const ofFirst = index === 0 && !isRoot ? split(collection.commentBefore) : undefined;
  if (ofFirst && !owner?.spaceBefore) collection.commentBefore = withBlankLine(ofFirst.whole);
  const { whole } = split(owner?.commentBefore, isRoot && index === 0);
  collection.items.splice(index, 1);
  const stays = join(whole, left);
  const next = collection.items[index];
  const nextOwner = isNode(next)
    ? next
    : next === undefined
      ? undefined
      : commentOwner(next as Pair);
  if (index === 0 && nextOwner && stays === null) nextOwner.spaceBefore = false;
  if (stays === null) return;
  if (isRoot && index === 0) document.commentBefore = join(document.commentBefore, stays);
  else if (nextOwner) nextOwner.commentBefore = join(stays, nextOwner.commentBefore, BLANK_LINE);
  else collection.comment = join(stays, collection.comment);
}

/** Comments in a value that became empty, if they are about more than its former entries. */
function leftIn(value: unknown): string | null {
  if (!isCollection(value) || value.items.length > 0) return null;
  return join(value.commentBefore, value.comment);
}

function commentOwner({ key }: Pair): Node | undefined {
  return isNode(key) ? key : undefined;
}

/** @param isHead whether the comment begins the file: then a single paragraph is about the whole file. */
function split(comment: string | null | undefined, isHead = false): Comment {
  if (comment === null || comment === undefined) return { whole: null, entry: null };
  if (comment.endsWith('\n')) return { whole: comment, entry: null };
  const at = comment.lastIndexOf(BLANK_LINE);
  if (at >= 0) return { whole: comment.slice(0, at), entry: comment.slice(at + BLANK_LINE.length) };
  return isHead ? { whole: comment, entry: null } : { whole: null, entry: comment };
}

/** The library marks a blank line below a comment by a line break at its end. */
function withBlankLine(comment: string | null): string | null {
  return comment === null || comment.endsWith('\n') ? comment : `${comment}\n`;
}

function join(
  one: string | null | undefined,
  other: string | null | undefined,
  between = '\n',
): string | null {
  const parts = [one, other].filter((part) => part !== null && part !== undefined);
  return parts.length === 0 ? null : parts.join(between);
}
