import { distance } from 'fastest-levenshtein';
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import type { Problem } from './problem';

type Path = readonly PropertyKey[];

/** A YAML file that a person wrote, with the line of every value in it. */
export interface YamlSource {
  file: string;
  value: unknown;
  /** 1-based line of the value at `path`, or of its nearest ancestor. */
  lineOf(path: Path): number;
  /** 1-based line of the key `key` in the map at `path`. */
  lineOfKey(path: Path, key: string): number;
}

/** Reads YAML text; where it is not YAML, every syntax error is a problem and there is no source. */
export function parseYaml(
  file: string,
  text: string,
): { source?: YamlSource; problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        message: `not valid YAML: ${error.message}`,
      })),
    };
  }
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const lineOf = (path: Path) => lineAt(nearestOffset(document, path));
  return {
    problems: [],
    source: {
      file,
      value: document.toJS() as unknown,
      lineOf,
      lineOfKey: (path, key) =>
        lineAt(keyOffset(document, path, key) ?? nearestOffset(document, path)),
    },
  };
}

/** Checks a source against a schema; returns the typed value or every problem, each with its line. */
export function checkYaml<Schema extends z.ZodType>(
  source: YamlSource,
  schema: Schema,
): { value?: z.output<Schema>; problems: readonly Problem[] } {
  const result = schema.safeParse(source.value ?? {});
  if (result.success) return { value: result.data, problems: [] };
  return {
    problems: result.error.issues.flatMap((issue) => toProblems(source, schema, issue)),
  };
}

function toProblems(source: YamlSource, schema: z.ZodType, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      file: source.file,
      line: source.lineOfKey(issue.path, key),
      message: `unknown key "${[...issue.path, key].join('.')}"${didYouMean(key, known)}`,
    }));
  }
  const at = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  const value = valueAt(source.value, issue.path);
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const message =
    options.length > 0
      ? `${JSON.stringify(value)} is not one of ${options.join(', ')}${didYouMean(String(value), options)}`
      : issue.message;
  return [{ file: source.file, line: source.lineOf(issue.path), message: at + message }];
}

/** `; did you mean "consumes"?`, or nothing where no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  if (nearest && nearest.far <= Math.max(2, Math.floor(word.length / 3))) {
    return `; did you mean "${nearest.candidate}"?`;
  }
  return candidates.length > 0 ? `; known are ${candidates.join(', ')}` : '';
}

function knownKeys(schema: z.ZodType, path: Path): string[] {
  let current: unknown = schema;
  for (const key of path) {
    const definition = definitionOf(current);
    current = definition?.shape?.[String(key)] ?? definition?.valueType ?? definition?.element;
  }
  return Object.keys(definitionOf(current)?.shape ?? {});
}

interface Definition {
  shape?: Record<string, unknown>;
  valueType?: unknown;
  element?: unknown;
  innerType?: unknown;
}

/** The definition under optional and default wrappers. */
function definitionOf(schema: unknown): Definition | undefined {
  const definition = (schema as { def?: Definition } | undefined)?.def;
  return definition?.innerType ? definitionOf(definition.innerType) : definition;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function nearestOffset(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: Path, key: string): number | undefined {
  const map = document.getIn(path, true);
  if (!isMap(map)) return undefined;
  const pair = map.items.find(
    (item) => isPair(item) && isScalar(item.key) && item.key.value === key,
  );
  return pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
}
