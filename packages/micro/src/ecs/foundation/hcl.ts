/** A value of Terraform's language. Every string is a literal: nothing in it is looked up. */
export type HclValue =
  | string
  | number
  | boolean
  | HclExpression
  | readonly HclValue[]
  | { readonly [key: string]: HclValue };

/** What Terraform works out, as written: a reference, a template or a call. */
export class HclExpression {
  constructor(readonly text: string) {}
}

/** `resource "aws_ecs_cluster" "cluster" { … }`: attributes, then blocks. */
export interface HclBlock {
  type: string;
  labels?: readonly string[];
  attributes?: Readonly<Record<string, HclValue>>;
  blocks?: readonly HclBlock[];
}

/** `jsonencode({ … })`: a document that AWS takes as text. */
export function jsonEncoded(value: HclValue): HclExpression {
  return new HclExpression(`jsonencode(${formatValue(value)})`);
}

/** A text with references in it: an expression stays one, the rest is literal. */
export function hclTemplate(...parts: readonly (string | HclExpression)[]): HclExpression {
  const text = parts.map((part) => (typeof part === 'string' ? escaped(part) : `\${${part.text}}`));
  return new HclExpression(`"${text.join('')}"`);
}

/** As `terraform fmt` leaves it. */
export function formatHcl(blocks: readonly HclBlock[]): string {
  return `${blocks.map(formatBlock).join('\n\n')}\n`;
}

function formatBlock({ type, labels = [], attributes = {}, blocks = [] }: HclBlock): string {
  const head = [type, ...labels.map((label) => formatValue(label))].join(' ');
  const own = formatAttributes(attributes);
  const parts = [...(own === '' ? [] : [own]), ...blocks.map(formatBlock)];
  return parts.length === 0 ? `${head} {}` : `${head} {\n${indented(parts.join('\n\n'))}\n}`;
}

/** Neighbours of one line each have their `=` in one column. */
function formatAttributes(attributes: Readonly<Record<string, HclValue>>): string {
  const all = Object.entries(attributes).map(([key, value]) => ({
    key: /^[A-Za-z_][\w-]*$/.test(key) ? key : formatValue(key),
    value: formatValue(value),
  }));
  const isLong = (index: number) => all[index]?.value.includes('\n') ?? true;
  return all
    .map(({ key, value }, index) => {
      if (isLong(index)) return `${key} = ${value}`;
      let [first, last] = [index, index];
      while (!isLong(first - 1)) first -= 1;
      while (!isLong(last + 1)) last += 1;
      const width = Math.max(...all.slice(first, last + 1).map((one) => one.key.length));
      return `${key.padEnd(width)} = ${value}`;
    })
    .join('\n');
}

function formatValue(value: HclValue): string {
  if (value instanceof HclExpression) return value.text;
  if (typeof value === 'string') return `"${escaped(value)}"`;
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return formatList(value);
  const inside = formatAttributes(value);
  return inside === '' ? '{}' : `{\n${indented(inside)}\n}`;
}

function formatList(values: readonly HclValue[]): string {
  const texts = values.map(formatValue);
  const isShort = texts.length < 2 && texts.every((text) => !text.includes('\n'));
  return isShort ? `[${texts.join()}]` : `[\n${indented(texts.join(',\n'))},\n]`;
}

/** `${` and `%{` would begin a template. The rest is as in JSON, except two escapes that Terraform refuses. */
function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/\\./g, (escape) => UNKNOWN_ESCAPES[escape] ?? escape)
    .replaceAll(/[$%](?=\{)/g, '$&$&');
}

const UNKNOWN_ESCAPES: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' };

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function isList(value: object): value is readonly HclValue[] {
  return Array.isArray(value);
}
