import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, type Scalar, visit, type YAMLMap } from 'yaml';
import type { DerivedFile } from '../platform/derived-file';
import { PlatformError } from '../platform/problem';
import { parseYamlDocument } from '../platform/yaml-source';

/** The first line of a job that sync keeps; a person who removes it owns the job. */
const MARK = ' Kept by `nx sync`. Remove this line to keep the job as you wrote it.';

/** The jobs that a file should have. */
export interface WantedJobs {
  path: string;
  /** The key that holds the jobs; the top level if there is none. */
  under?: 'jobs';
  /** What the file has beside its jobs. Only what is missing is added, and only with `create`. */
  head: Readonly<Record<string, unknown>>;
  jobs: Readonly<Record<string, unknown>>;
}

export interface JobOptions {
  /** Makes text of an edited document, with the layout of the text that it was read from. */
  format: (document: Document, path: string, current: string) => string;
  /** Whether a file that is missing is made, and a job that is missing added. */
  create?: boolean;
}

/**
 * A pipeline's file with its jobs up to date. Jobs without the mark, and all that is around them, are a person's.
 *
 * @returns `undefined` if there is no file and none is to be made.
 * @throws {PlatformError} if the file is not valid YAML.
 */
export function deriveJobs(
  { path, under, head, jobs }: WantedJobs,
  current: string | undefined,
  { format, create = false }: JobOptions,
): DerivedFile | undefined {
  if (current === undefined && !create) return undefined;
  const document = current === undefined ? new Document(head) : parse(path, current);
  const drift = current === undefined ? ['the file is missing'] : [];
  if (create && addMissing(document, [], head)) drift.push('a setting is missing');
  const place = mapOf(document, path, under);
  for (const [name, job] of Object.entries(jobs)) {
    const is = place.get(name, true);
    if (is === undefined && !create) continue;
    if (is !== undefined && !isKept(is)) continue;
    const wanted = withPinnedActions(job, is);
    if (is !== undefined && isDeepStrictEqual(toJson(is), withoutComments(wanted))) continue;
    place.set(document.createNode(name), nodeOf(document, wanted));
    drift.push(`the job ${name} is ${is === undefined ? 'missing' : 'out of date'}`);
  }
  for (const name of keysOf(place)) {
    if (name in jobs || !isKept(place.get(name, true))) continue;
    place.delete(name);
    drift.push(`the job ${name} has no environment any more`);
  }
  const text =
    current === undefined || drift.length > 0 ? format(document, path, current ?? '') : current;
  return { path, text, drift };
}

/** The names of the jobs with the mark, in the order of the file. */
export function keptJobs(path: string, text: string, under: 'jobs' | undefined): string[] {
  const place = mapOf(parse(path, text), path, under);
  return keysOf(place).filter((name) => isKept(place.get(name, true)));
}

function parse(path: string, text: string): Document {
  const { document, problems } = parseYamlDocument(path, text);
  if (problems.length > 0) throw new PlatformError(problems);
  return document;
}

/** @throws {PlatformError} if there is something else in its place. */
function mapOf(document: Document, path: string, under: string | undefined): YAMLMap {
  if (document.contents === null) document.contents = document.createNode({});
  if (under !== undefined && !document.has(under)) document.set(under, document.createNode({}));
  const map = under === undefined ? document.contents : document.get(under, true);
  if (isMap(map)) return map;
  const message = `${under === undefined ? 'the file' : `"${under}"`} should be a map of jobs by name`;
  throw new PlatformError([{ file: path, message }]);
}

/** Adds keys that are not there, also in maps that are. @returns whether there were any. */
function addMissing(document: Document, path: readonly string[], wanted: object): boolean {
  let added = false;
  for (const [key, value] of Object.entries(wanted)) {
    const at = [...path, key];
    if (!document.hasIn(at)) {
      document.setIn(at, document.createNode(value));
      added = true;
    } else if (isMap(document.getIn(at))) {
      added = addMissing(document, at, value as object) || added;
    }
  }
  return added;
}

function keysOf(map: YAMLMap): string[] {
  return map.items.map(({ key }) => String(isScalar(key) ? key.value : key));
}

function isKept(job: unknown): boolean {
  return isMap(job) && (job.commentBefore?.split('\n').includes(MARK) ?? false);
}

function nodeOf(document: Document, job: unknown) {
  const node = document.createNode(job);
  node.commentBefore = MARK;
  // `actions/checkout@<commit> # v5.0.0`
  visit(node, {
    Scalar: (_key, scalar: Scalar) => {
      const [, value, comment] = /^(\S+@[0-9a-f]{40}) #(.+)$/.exec(String(scalar.value)) ?? [];
      if (value === undefined) return;
      scalar.value = value;
      scalar.comment = comment;
    },
  });
  return node;
}

/** The job with the versions of actions that are in the file: Renovate or a person may have moved them. */
function withPinnedActions(job: unknown, current: unknown): unknown {
  const pinned = new Map<string, string>();
  if (isMap(current)) {
    visit(current, {
      Scalar: (_key, { value, comment }) => {
        if (typeof value !== 'string' || !/^\S+@[0-9a-f]{40}$/.test(value)) return;
        pinned.set(value.split('@')[0]!, comment ? `${value} #${comment}` : value);
      },
    });
  }
  return mapTexts(job, (text) =>
    /^\S+@[0-9a-f]{40}( #.*)?$/.test(text) ? (pinned.get(text.split('@')[0]!) ?? text) : text,
  );
}

function withoutComments(job: unknown): unknown {
  return mapTexts(job, (text) => text.replace(/^(\S+@[0-9a-f]{40}) #.*$/, '$1'));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [key, mapTexts(one, change)]),
  );
}

function toJson(node: unknown): unknown {
  return isMap(node) ? JSON.parse(JSON.stringify(node)) : undefined;
}
