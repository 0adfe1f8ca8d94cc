import { didYouMean } from '../../platform/yaml-source';

/** What each type is in a contract, and a value that fits it. */
const TYPES = {
  string: { schema: 'z.string()', example: `'text'` },
  int: { schema: 'z.int()', example: '1' },
  number: { schema: 'z.number()', example: '1.5' },
  boolean: { schema: 'z.boolean()', example: 'true' },
  uuid: { schema: 'z.uuid()', example: `'7f9c24e8-3b12-4e5f-9d1a-2c6b8e0f4a71'` },
  'date-time': { schema: 'z.iso.datetime()', example: `'2026-01-31T12:00:00Z'` },
} as const;

export type FieldType = keyof typeof TYPES;
export const FIELD_TYPES = Object.keys(TYPES) as FieldType[];

export interface Field {
  name: string;
  type: FieldType;
  optional: boolean;
}

/** The fields of an event if none are given: the id of its object. */
export const DEFAULT_FIELDS: readonly Field[] = [{ name: 'id', type: 'uuid', optional: false }];

/** Words that no variable can have, so that a handler can take the fields apart. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private ' +
    'protected public return static super switch this throw true try typeof var void while with yield ' +
    // What a handler calls its own.
    'event log once handle'
  ).split(' '),
);

/**
 * The fields of an event as people name them: `orderId:uuid`, `total:int`, `note?:string`.
 *
 * @returns the fields, or what is wrong with each that cannot be read.
 */
export function parseFields(given: readonly string[]): { fields: Field[]; problems: string[] } {
  const fields: Field[] = [];
  const problems: string[] = [];
  for (const text of given) {
    const [left = '', type = ''] = text.split(':').map((part) => part.trim());
    const optional = left.endsWith('?') || type.endsWith('?');
    const field = { name: left.replace(/\?$/, ''), type: type.replace(/\?$/, ''), optional };
    const problem = problemOf(text, field, fields);
    if (problem !== undefined) problems.push(problem);
    else fields.push(field as Field);
  }
  return { fields, problems };
}

function problemOf(
  text: string,
  { name, type }: { name: string; type: string },
  before: readonly Field[],
): string | undefined {
  if (type === '') {
    return `"${text}" has no type: write it as name:type, for example "total:int"`;
  }
  if (!(FIELD_TYPES as readonly string[]).includes(type)) {
    return `"${type}" is not the type of a field${didYouMean(type, FIELD_TYPES)}`;
  }
  if (!/^[a-z][A-Za-z0-9]*$/.test(name) || RESERVED.has(name)) {
    return `"${name}" cannot be a field's name: use letters and digits, such as "orderId", and no word of JavaScript`;
  }
  return before.some((other) => other.name === name)
    ? `"${name}" is given twice: remove one`
    : undefined;
}

/** Why events cannot be ordered by a field, or `undefined` if they can. */
export function orderByProblem(
  event: string,
  orderBy: string,
  fields: readonly Field[],
): string | undefined {
  const field = fields.find(({ name }) => name === orderBy);
  if (!field) {
    const names = fields.map(({ name }) => name);
    return `"${orderBy}" is not a field of ${event}${didYouMean(orderBy, names)}`;
  }
  if (field.optional) {
    return `${event} cannot be ordered by "${orderBy}", which is optional: each event needs a key`;
  }
  return field.type === 'boolean'
    ? `${event} cannot be ordered by "${orderBy}", a boolean: use a field that is a text or a number`
    : undefined;
}

/** `z.uuid()`, `z.string().optional()` */
export function fieldSchema({ type, optional }: Field): string {
  return `${TYPES[type].schema}${optional ? '.optional()' : ''}`;
}

/** A value that fits, as TypeScript. */
export function fieldExample({ type }: Field): string {
  return TYPES[type].example;
}
