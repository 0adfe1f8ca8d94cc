/**
 * Puts a text between the two comments that carry this name, and leaves the rest of the document.
 * @throws if the document lacks them.
 */
export function replaceBlock(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: written by`, `<!-- /${name} -->`];
  const start = document.indexOf('\n', document.indexOf(begin));
  const stop = document.indexOf(end);
  if (!document.includes(begin) || stop < start) {
    throw new Error(`the document has no block "${name}"`);
  }
  return `${document.slice(0, start)}\n\n${content.trim()}\n\n${document.slice(stop)}`;
}
