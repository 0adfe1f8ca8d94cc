import {
  CACHE_ENGINES,
  DATABASE_ENGINES,
  DATASTORE_PURPOSES,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { Manifest } from '../platform/manifest';
import { didYouMean } from '../platform/yaml-source';

export type Datastores = Manifest['datastores'];
export type DatastoreEngine = DatabaseEngine | CacheEngine;

const ENGINES: readonly string[] = [...DATABASE_ENGINES, ...CACHE_ENGINES];

/**
 * What a manifest says for datastores as people name them: `postgres` is the database, `redis` the
 * cache, `pubsub=redis` another purpose.
 *
 * @returns the datastores, or what is wrong with each name that cannot be read.
 */
export function parseDatastores(names: readonly string[]): {
  datastores: Datastores;
  problems: string[];
} {
  const found = new Map<DatastorePurpose, string>();
  const problems: string[] = [];
  for (const name of names) {
    const [left = '', right] = name.split('=').map((part) => part.trim());
    const engine = right ?? left;
    const purpose = right === undefined ? purposeOf(engine) : left;
    const problem =
      unknownEngine(engine) ??
      unknownPurpose(purpose) ??
      wrongEngine(purpose as DatastorePurpose, engine) ??
      twice(found.get(purpose as DatastorePurpose), purpose, engine);
    if (problem !== undefined) problems.push(problem);
    else found.set(purpose as DatastorePurpose, engine);
  }
  return { datastores: Object.fromEntries(found), problems };
}

/** The names of a list that may come as an array, or with commas in it. */
export function splitNames(given: string | readonly string[] | undefined): string[] {
  const names = [given ?? []].flat().flatMap((list) => list.split(','));
  return [...new Set(names.map((name) => name.trim()))].filter((name) => name !== '');
}

/** The engines of a service, each once. */
export function enginesOf(datastores: Datastores): DatastoreEngine[] {
  return [...new Set(Object.values(datastores))];
}

function purposeOf(engine: string): DatastorePurpose {
  return isCache(engine) ? 'cache' : 'database';
}

function isCache(engine: string): boolean {
  return (CACHE_ENGINES as readonly string[]).includes(engine);
}

function unknownEngine(engine: string): string | undefined {
  return ENGINES.includes(engine)
    ? undefined
    : `"${engine}" is not a datastore${didYouMean(engine, ENGINES)}`;
}

function unknownPurpose(purpose: string): string | undefined {
  return (DATASTORE_PURPOSES as readonly string[]).includes(purpose)
    ? undefined
    : `"${purpose}" is not a purpose of a datastore${didYouMean(purpose, DATASTORE_PURPOSES)}`;
}

function wrongEngine(purpose: DatastorePurpose, engine: string): string | undefined {
  if ((purpose === 'database') !== isCache(engine)) return undefined;
  const engines = purpose === 'database' ? DATABASE_ENGINES : CACHE_ENGINES;
  return `${engine} cannot be the ${purpose} of a service; it takes ${engines.join(', ')}`;
}

function twice(other: string | undefined, purpose: string, engine: string): string | undefined {
  return other === undefined || other === engine
    ? undefined
    : `A service has one ${purpose}: choose ${other} or ${engine}`;
}
