import { distance } from 'fastest-levenshtein';
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { z } from 'zod';
import type { Problem } from './problem';
import { explainIssue, formatValue } from './schema-issue';

type Path = readonly PropertyKey[];

/** A YAML file that a person wrote, with the line of each value. */
export interface YamlSource {
  file: string;
  value: unknown;
  /** 1-based line of the key or list item at `path`, or of its nearest ancestor. */
  lineOf(path: Path): number;
  /** 1-based line of the key `key` in the map at `path`. */
  lineOfKey(path: Path, key: string): number;
}

/** A YAML document that can be edited, with the 1-based line of every offset in its text. */
export interface YamlDocument {
  document: Document.Parsed;
  lineAt(offset: number): number;
  /** All syntax errors. If there are any, the document must not be used. */
  problems: readonly Problem[];
}

/** Parses YAML text for editing. The document keeps comments, order and quotes. */
export function parseYamlDocument(file: string, text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const syntax = document.errors.map((error) => ({
    offset: error.pos[0],
    message: explainSyntax(error),
  }));
  const aliases = danglingAliases(document).map(({ name, offset }) => ({
    offset,
    message: `"*${name}" refers to an anchor "&${name}" that is not defined above it`,
  }));
  const problems = [...syntax, ...aliases].map(({ offset, message }) => ({
    file,
    line: lineAt(offset),
    message: `not valid YAML: ${message}`,
  }));
  return { document, lineAt, problems };
}

/** Parses YAML text. If it is not valid YAML, every syntax error is a problem, and there is no source. */
export function parseYaml(
  file: string,
  text: string,
): { source?: YamlSource; problems: readonly Problem[] } {
  const { document, lineAt, problems } = parseYamlDocument(file, text);
  if (problems.length > 0) return { problems };
  const lineOf = (path: Path) => lineAt(nearestOffset(document, path));
  return {
    problems: [],
    source: {
      file,
      value: document.toJS() as unknown,
      lineOf,
      lineOfKey: (path, key) => lineOf([...path, key]),
    },
  };
}

/**
 * Checks a source against a schema. Returns the typed value, or every problem with its line.
 *
 * @param elsewhere advice for an unknown key that belongs to another kind of file.
 */
export function checkYaml<Schema extends z.ZodType>(
  source: YamlSource,
  schema: Schema,
  elsewhere: Readonly<Record<string, string>> = {},
): { value?: z.output<Schema>; problems: readonly Problem[] } {
  const value = source.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    const message = `the file holds ${formatValue(value)}; it must hold keys with values, such as ${knownKeys(schema, []).slice(0, 2).join(' and ')}`;
    return { problems: [{ file: source.file, line: 1, message }] };
  }
  const result = schema.safeParse(value, { error: explainIssue });
  if (result.success) return { value: result.data, problems: [] };
  return {
    problems: result.error.issues.flatMap((issue) => toProblems(source, schema, issue, elsewhere)),
  };
}

function toProblems(
  source: YamlSource,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  elsewhere: Readonly<Record<string, string>>,
): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = formatPath([...issue.path, key]);
      const message = Object.hasOwn(elsewhere, key)
        ? `"${path}" ${elsewhere[key]!}`
        : `unknown key "${path}"${keyHint(schema, issue.path, key)}`;
      return { file: source.file, line: source.lineOfKey(issue.path, key), message };
    });
  }
  if (issue.code === 'invalid_union') {
    const branch = branchOf(issue.errors);
    if (branch) {
      return branch.flatMap((nested) =>
        toProblems(source, schema, { ...nested, path: [...issue.path, ...nested.path] }, elsewhere),
      );
    }
  }
  const { file } = source;
  const line = source.lineOf(issue.path);
  const path = formatPath(issue.path);
  const value = valueAt(source.value, issue.path);
  if (value === undefined) {
    const { description = 'give it a value' } = schemaAt(schema, issue.path) ?? {};
    return [{ file, line, message: `"${path}" is missing: ${description}` }];
  }
  const nearest =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? nearestWord(value, issue.values.map(String))
      : undefined;
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return [{ file, line, message: `${path === '' ? '' : `${path}: `}${issue.message}${hint}` }];
}

/**
 * If a value may have several shapes: the one that was meant, whose problems are inside the value rather than about the
 * value as a whole.
 */
function branchOf(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const within = branches.find((issues) => issues.every(({ path }) => path.length > 0));
  if (within) return within;
  // If only one of the shapes is a map, a map with an unknown key was meant to have that shape.
  const maps = branches.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return maps.length === 1 ? maps[0] : undefined;
}

/** An error lists this many candidates; of more, it gives the number. */
const NAMED_CANDIDATES = 12;

/** `; did you mean "consumes"?`, or the list of candidates if none is similar. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestWord(word, candidates);
  if (nearest !== undefined) return `; did you mean "${nearest}"?`;
  if (candidates.length === 0) return '';
  const named = candidates.slice(0, NAMED_CANDIDATES).join(', ');
  const more = candidates.length - NAMED_CANDIDATES;
  return `; known are ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The most similar candidate. A third of the letters may differ; in a short word, half of them. */
function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const nearest = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  if (!nearest || nearest.far * 2 > word.length) return undefined;
  return nearest.far <= Math.max(2, Math.floor(word.length / 3)) ? nearest.candidate : undefined;
}

/** For a key in the wrong place, the right place: `database` -> `datastores.database`. */
function keyHint(schema: z.ZodType, path: Path, key: string): string {
  const known = knownKeys(schema, path);
  const nested = known.find((parent) => knownKeys(schema, [...path, parent]).includes(key));
  return nested === undefined
    ? didYouMean(key, known)
    : `; did you mean "${formatPath([...path, nested, key])}"?`;
}

function knownKeys(schema: z.ZodType, path: Path): string[] {
  return Object.keys(definitionOf(schemaAt(schema, path))?.shape ?? {});
}

interface Definition {
  shape?: Record<string, z.ZodType>;
  valueType?: z.ZodType;
  element?: z.ZodType;
  innerType?: z.ZodType;
  /** The schema of a value before its transformation. */
  in?: z.ZodType;
  options?: readonly z.ZodType[];
}

function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => {
    const definition = definitionOf(at);
    return definition?.shape?.[String(key)] ?? definition?.valueType ?? definition?.element;
  }, schema);
}

/** The schema inside optional and default wrappers; of several shapes, the one with keys. */
function definitionOf(schema: z.ZodType | undefined): Definition | undefined {
  const definition = schema?.def as Definition | undefined;
  if (definition?.options) {
    return definition.options.map(definitionOf).find((option) => option?.shape) ?? definition;
  }
  const inner = definition?.innerType ?? definition?.in;
  return inner ? definitionOf(inner) : definition;
}

/** `services.orders.publish`, `consumes[0]` */
function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : `${text}${text ? '.' : ''}${String(key)}`,
    '',
  );
}

function explainSyntax({ code, message }: YAMLError): string {
  if (code === 'DUPLICATE_KEY') return 'this key is already given above: remove one of the two';
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here: remove the "---"';
  return message;
}

function danglingAliases(document: Document): { name: string; offset: number }[] {
  const dangling: { name: string; offset: number }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (!alias.resolve(document)) {
        dangling.push({ name: alias.source, offset: alias.range?.[0] ?? 0 });
      }
    },
  });
  return dangling;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function nearestOffset(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const offset = offsetIn(parent, path[length - 1]!);
    if (offset !== undefined) return offset;
  }
  return document.contents?.range?.[0] ?? 0;
}

function offsetIn(parent: unknown, key: PropertyKey): number | undefined {
  if (isMap(parent)) return keyOffset(parent, key);
  const item = isNode(parent) && 'get' in parent ? parent.get(key, true) : undefined;
  return isNode(item) ? item.range?.[0] : undefined;
}

/** A value may start on a line below its key, so a map's entry is found by its key. */
function keyOffset(map: YAMLMap, key: PropertyKey): number | undefined {
  const pair = map.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
  );
  return pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
}
