import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isNode, isScalar, type Scalar, visit, type YAMLMap } from 'yaml';
import type { DerivedFile } from '../platform/derived-file';
import { PlatformError } from '../platform/problem';
import { parseYamlDocument } from '../platform/yaml-source';

/** The first line of a job that sync keeps; a person who removes it owns the job. */
const MARK = ' Kept by `nx sync`. Remove this line to keep the job as you wrote it.';

/** An action that is pinned by its commit, with the version that it has: `actions/checkout@<commit> # v5.0.0` */
const PINNED = /^(\S+)@([0-9a-f]{40})(?: #(.+))?$/;

/** Where the jobs of a pipeline are. */
export interface JobsPlace {
  path: string;
  /** The key that holds the jobs; the top level if there is none. */
  under?: 'jobs';
}

/** What a file should have. */
export interface WantedJobs {
  /** What is beside the jobs. Only what is missing is added, and only with `create`. */
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
 * @throws {PlatformError} if the file is not valid YAML, or has something else in the place of its jobs.
 */
export function deriveJobs(
  place: JobsPlace,
  { head, jobs }: WantedJobs,
  current: string | undefined,
  { format, create = false }: JobOptions,
): DerivedFile {
  const parsed = parse(place, current ?? '');
  const { document } = parsed;
  const drift = current === undefined ? ['the file is missing'] : [];
  if (create && addMissing(document, [], head)) drift.push('a setting is missing');
  const present = jobsIn(parsed, place);
  for (const [name, job] of Object.entries(jobs)) {
    const is = present.get(name, true);
    if (is === undefined ? !create : !isKept(is)) continue;
    const wanted = nodeOf(document, job, is);
    if (isMap(is) && isDeepStrictEqual(is.toJSON(), wanted.toJSON())) continue;
    present.set(document.createNode(name), wanted);
    drift.push(`the job ${name} is ${is === undefined ? 'missing' : 'out of date'}`);
  }
  for (const name of keysOf(present)) {
    if (name in jobs || !isKept(present.get(name, true))) continue;
    present.delete(name);
    drift.push(`the job ${name} has no environment any more`);
  }
  const text = drift.length > 0 ? format(document, place.path, current ?? '') : current!;
  return { path: place.path, text, drift };
}

/** The names of all jobs, in the order of the file. */
export function jobNames(place: JobsPlace, text: string): string[] {
  return keysOf(jobsIn(parse(place, text), place));
}

/** All jobs by name, each as JSON. */
export function jobTexts(place: JobsPlace, text: string): [name: string, json: string][] {
  const jobs = jobsIn(parse(place, text), place).toJSON() as Record<string, unknown>;
  return Object.entries(jobs).map(([name, job]) => [name, JSON.stringify(job)]);
}

interface Parsed {
  document: Document;
  lineAt: (offset: number) => number;
}

/** @throws {PlatformError} if it is not valid YAML, or no map. */
function parse({ path }: JobsPlace, text: string): Parsed {
  const { document, lineAt, problems } = parseYamlDocument(path, text);
  if (problems.length > 0) throw new PlatformError(problems);
  if (document.contents !== null) requireMap(document.contents, 'the file', path, lineAt);
  return { document, lineAt };
}

/** @throws {PlatformError} if there is something else in their place. */
function jobsIn({ document, lineAt }: Parsed, { path, under }: JobsPlace): YAMLMap {
  if (under === undefined) {
    document.contents ??= document.createNode({});
    return requireMap(document.contents, 'the file', path, lineAt);
  }
  if (!document.has(under)) document.set(under, document.createNode({}));
  return requireMap(document.get(under, true), `"${under}"`, path, lineAt);
}

function requireMap(node: unknown, what: string, file: string, lineAt: Parsed['lineAt']): YAMLMap {
  if (isMap(node)) return node;
  const line = lineAt(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  throw new PlatformError([{ file, line, message: `${what} should be a map, not a list or text` }]);
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

/** A job with the mark. Its actions have the versions of the current job: Renovate or a person may have moved them. */
function nodeOf(document: Document, job: unknown, current: unknown) {
  const node = document.createNode(job);
  node.commentBefore = MARK;
  const moved = new Map(pinsOf(current).map(({ action, scalar }) => [action, scalar]));
  for (const { action, commit, version, scalar } of pinsOf(node)) {
    const { value, comment } = moved.get(action) ?? {
      value: `${action}@${commit}`,
      comment: version,
    };
    scalar.value = value;
    if (comment) scalar.comment = comment;
  }
  return node;
}

/** The pinned actions of a job. */
function pinsOf(job: unknown) {
  const pins: { action: string; commit: string; version?: string; scalar: Scalar }[] = [];
  if (!isMap(job)) return pins;
  visit(job, {
    Scalar: (_key, scalar) => {
      const [, action, commit, version] = PINNED.exec(String(scalar.value)) ?? [];
      if (!action || !commit) return;
      pins.push({ action, commit, scalar, ...(version ? { version } : {}) });
    },
  });
  return pins;
}
