/** A value that TypeScript can write. */
export type LiteralValue =
  | string
  | number
  | boolean
  | TypeScriptCall
  | readonly LiteralValue[]
  | { readonly [key: string]: LiteralValue };

/** `Fn.sub('…')` */
export class TypeScriptCall {
  constructor(
    readonly callee: string,
    readonly text: string,
  ) {}
}

const WIDTH = 80;

interface Place {
  /** Spaces before the line. */
  indent: number;
  /** What stands before the value on its line. */
  before: number;
  /** On lines of their own, though they would fit. */
  open?: boolean;
}

/** A literal as Prettier leaves it. */
export function formatLiteral(
  value: LiteralValue,
  place: Place = { indent: 0, before: 0 },
): string {
  if (value instanceof TypeScriptCall) return formatCall(value, place);
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  const indent = place.indent + 2;
  if (isList(value)) {
    const items = value.map((item) => formatLiteral(item, { indent, before: 0 }));
    const isTable = value.length > 1 && value.every((item) => typeof item === 'object');
    const flat = `[${items.join(', ')}]`;
    return !isTable && fits(flat, place) ? flat : `[${onLines(items, place.indent)}]`;
  }
  const items = Object.entries(value).map(([key, inside]) => {
    const name = `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)}: `;
    return name + formatLiteral(inside, { indent, before: name.length });
  });
  const flat = items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
  return fits(flat, place) ? flat : `{${onLines(items, place.indent)}}`;
}

function formatCall({ callee, text }: TypeScriptCall, place: Place): string {
  const flat = `${callee}(${quoted(text)})`;
  return fits(flat, place) ? flat : `${callee}(${onLines([quoted(text)], place.indent)})`;
}

/** With the comma or the bracket after it. */
function fits(flat: string, { indent, before, open }: Place): boolean {
  return !open && !flat.includes('\n') && indent + before + flat.length + 1 <= WIDTH;
}

function onLines(items: readonly string[], indent: number): string {
  const lines = items.map((item) => `\n${' '.repeat(indent + 2)}${item},`);
  return `${lines.join('')}\n${' '.repeat(indent)}`;
}

function quoted(text: string): string {
  const inside = JSON.stringify(text).slice(1, -1);
  return `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function isList(value: object): value is readonly LiteralValue[] {
  return Array.isArray(value);
}
