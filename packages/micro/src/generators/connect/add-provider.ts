import { isScalar, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';

/**
 * Adds a provider to `consumes` of a manifest's text. Only the list itself is touched: comments,
 * order and spacing of everything else stay to the byte.
 */
export function addProvider(text: string, provider: string): string {
  const document = parseDocument(text);
  const list = document.get('consumes');
  if (!isSeq(list)) return setList(document, text, provider);
  if (list.items.some((item) => isScalar(item) && item.value === provider)) return text;
  const last = list.items.at(-1);
  const lastEnd = isScalar(last) ? last.range?.[1] : undefined;
  if (list.flow) {
    const at = lastEnd ?? list.range![0] + 1;
    return insert(text, at, lastEnd === undefined ? provider : `, ${provider}`);
  }
  return lastEnd === undefined
    ? setList(document, text, provider)
    : addLine(text, lastEnd, `${blockIndent(text, list)}- ${provider}`);
}

/** Writes the whole list, after the port where there is none yet. */
function setList(document: Document, text: string, provider: string): string {
  const list = `consumes: [${provider}]`;
  const recorded = rangeOfValue(document, 'consumes');
  if (recorded) {
    // `consumes:` without a value, or with `null`.
    const start = recorded[0];
    return `${text.slice(0, start).trimEnd()} [${provider}]${text.slice(recorded[1])}`;
  }
  const port = rangeOfValue(document, 'port');
  if (port) return addLine(text, port[1], list);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${list}\n`;
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
