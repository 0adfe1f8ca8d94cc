/** The width that Prettier, left to itself, keeps lines in. */
const WIDTH = 80;

export function fits(line: string): boolean {
  return line.length <= WIDTH;
}

/** On one line where Prettier leaves it there: `head body`. */
export function arrow(indent: number, head: string, body: string): string[] {
  const line = `${' '.repeat(indent)}${head} ${body}`;
  return fits(line) ? [line] : [`${' '.repeat(indent)}${head}`, `${' '.repeat(indent + 2)}${body}`];
}

/** A list as Prettier writes it: `open` and `close` hold the brackets, with a space where it wants one. */
export function list(
  indent: number,
  open: string,
  items: readonly string[],
  close: string,
): string[] {
  const at = ' '.repeat(indent);
  const line = `${at}${open}${items.join(', ')}${close}`;
  if (fits(line)) return [line];
  return [
    `${at}${open.trimEnd()}`,
    ...items.map((item) => `${at}  ${item},`),
    `${at}${close.trimStart()}`,
  ];
}

/** `import { a, b } from 'module';` */
export function namedImport(names: readonly string[], module: string): string[] {
  return list(0, 'import { ', names, ` } from '${module}';`);
}
