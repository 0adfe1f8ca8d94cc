import { isScalar, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';

/** Lists of a manifest that generators add to, each with the keys that it is written after. */
const AFTER = {
  consumes: ['port'],
  publishes: ['broker', 'port'],
  subscribes: ['publishes', 'broker', 'port'],
} as const;

/**
 * Adds an item to a list of a manifest's text. Only the list itself is touched: comments, order and
 * spacing of everything else stay to the byte.
 */
export function addToList(text: string, key: keyof typeof AFTER, item: string): string {
  const document = parseDocument(text);
  const list = document.get(key);
  if (!isSeq(list)) return setList(document, text, key, item);
  if (list.items.some((other) => isScalar(other) && other.value === item)) return text;
  const last = list.items.at(-1);
  const lastEnd = isScalar(last) ? last.range?.[1] : undefined;
  if (list.flow) {
    const at = lastEnd ?? list.range![0] + 1;
    return insert(text, at, lastEnd === undefined ? item : `, ${item}`);
  }
  return lastEnd === undefined
    ? setList(document, text, key, item)
    : addLine(text, lastEnd, `${blockIndent(text, list)}- ${item}`);
}

/** Writes the whole list, after the first of its neighbours that is there. */
function setList(document: Document, text: string, key: keyof typeof AFTER, item: string): string {
  const list = `${key}: [${item}]`;
  const recorded = rangeOfValue(document, key);
  if (recorded) {
    // `consumes:` without a value, or with `null`.
    const start = recorded[0];
    return `${text.slice(0, start).trimEnd()} [${item}]${text.slice(recorded[1])}`;
  }
  const neighbour = AFTER[key].map((other) => endOfValue(document, other)).find(isDefined);
  if (neighbour !== undefined) return addLine(text, neighbour, list);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${list}\n`;
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Where the last character of a value stands; the range of a block reaches into the next line. */
function endOfValue(document: Document, key: string): number | undefined {
  const node = document.get(key, true);
  const last = isSeq(node) && !node.flow ? node.items.at(-1) : node;
  return isScalar(last) || isSeq(last) ? last.range?.[1] : undefined;
}

function rangeOfValue(
  document: Document,
  key: string,
): readonly [number, number, number] | undefined {
  const node = document.get(key, true);
  return isScalar(node) || isSeq(node) ? (node.range ?? undefined) : undefined;
}

function blockIndent(text: string, list: YAMLSeq): string {
  const dash = list.range![0];
  return text.slice(text.lastIndexOf('\n', dash) + 1, dash);
}

/** Adds a line after the one that holds the offset `from`, with the file's own line ending. */
function addLine(text: string, from: number, line: string): string {
  const feed = text.indexOf('\n', from);
  const end = feed < 0 ? text.length : text[feed - 1] === '\r' ? feed - 1 : feed;
  return insert(text, end, `${text.includes('\r\n') ? '\r\n' : '\n'}${line}`);
}

function insert(text: string, at: number, addition: string): string {
  return text.slice(0, at) + addition + text.slice(at);
}
