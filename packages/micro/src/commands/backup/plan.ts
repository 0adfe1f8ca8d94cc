import { datastoresOf, platformBroker, type Datastore } from '../../compose/datastore';
import { databaseOf, DUMP_TOOLS } from '../../docker/dump';
import { DATABASE_ENGINES, type DatabaseEngine } from '../../platform/datastore';
import { elsewhere } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import type { DatastoreContainer, Place } from './place';

/** A datastore of the platform with the service that owns it. */
export interface OwnedDatastore extends Datastore {
  service: string;
}

/** What a backup does about one datastore. */
export type BackupStep =
  | {
      kind: 'dump';
      name: string;
      datastore: OwnedDatastore & { engine: DatabaseEngine };
      container: DatastoreContainer;
      database: string;
      /** The dump's file, without a folder. */
      file: string;
    }
  | { kind: 'left-out'; name: string; why: string }
  /** Data that should be in the backup and cannot be. */
  | { kind: 'missing'; name: string; why: string };

/**
 * The datastores of these services; a datastore's own name counts as well, and none means all.
 * @throws {UserError} with every word that is neither.
 */
export function selectDatastores(platform: Platform, words: readonly string[]): OwnedDatastore[] {
  const all = platform.services.flatMap((service) =>
    datastoresOf(service).map((datastore) => ({ ...datastore, service: service.name })),
  );
  const names = [
    ...platform.services.map(({ name }) => name),
    ...all.map((datastore) => datastore.name),
  ];
  const unknown = words.filter((word) => !names.includes(word));
  if (unknown.length > 0) {
    throw new UserError(
      unknown
        .map(
          (word) =>
            `"${word}" is neither a service nor a datastore of this platform${didYouMean(word, names)}`,
        )
        .join('\n'),
    );
  }
  return all.filter(
    ({ name, service }) => words.length === 0 || words.includes(name) || words.includes(service),
  );
}

/** What to dump of a place whose containers these are; `words` as in {@link selectDatastores}. */
export function planBackup(
  platform: Platform,
  place: Pick<Place, 'links' | 'notRunning'>,
  containers: readonly DatastoreContainer[],
  words: readonly string[],
): BackupStep[] {
  const steps = selectDatastores(platform, words).map((datastore): BackupStep => {
    const { name, service } = datastore;
    const url = elsewhere(place, service);
    if (url === undefined) return planDatastore(datastore, place, containers);
    return { kind: 'left-out', name, why: `${service} runs elsewhere: ${url}` };
  });
  const broker = platformBroker(platform);
  if (!broker || words.length > 0) return steps;
  const why = 'its messages are in transit; events in an outbox are in the dump of their database';
  return [...steps, { kind: 'left-out', name: broker.name, why }];
}

function planDatastore(
  datastore: OwnedDatastore,
  { notRunning }: Pick<Place, 'notRunning'>,
  containers: readonly DatastoreContainer[],
): BackupStep {
  const { name, engine } = datastore;
  const container = containers.find(
    ({ service, state }) => service === name && state === 'running',
  );
  if (!isDatabase(engine)) {
    return container?.mounts.some(({ path, isKept }) => isKept && /^\/data(?:\/|$)/.test(path))
      ? {
          kind: 'missing',
          name,
          why: `keeps ${engine} data in a volume, which this command cannot dump: copy it yourself, and name the other datastores in "micro backup"`,
        }
      : { kind: 'left-out', name, why: `${engine} keeps nothing on disk` };
  }
  if (!container) {
    return { kind: 'missing', name, why: notRunning };
  }
  const database = databaseOf(engine, container.environment);
  if (database === undefined) {
    return { kind: 'missing', name, why: `no variable of its container names the database` };
  }
  const file = `${name}.${DUMP_TOOLS[engine].extension}`;
  return { kind: 'dump', name, datastore: { ...datastore, engine }, container, database, file };
}

export function isDatabase(engine: string): engine is DatabaseEngine {
  return (DATABASE_ENGINES as readonly string[]).includes(engine);
}

/** `2026-11-21T12-00-00-000Z`: a time that sorts, and is a folder's name on every system. */
export function folderOfTime(time: string): string {
  return time.replace(/[:.]/g, '-');
}
