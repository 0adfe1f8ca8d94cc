import { databaseOf, DUMP_TOOLS, isNewerRelease } from '../../docker/dump';
import type { Outcome } from '../../effects/process';
import { datastoreName } from '../../platform/datastore';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import type { DumpManifest } from '../backup/manifest';
import type { DatastoreContainer, Place } from '../backup/place';
import type { Dump } from './read-dumps';

/** A dump with what its file is now. */
export interface CheckedDump extends Dump {
  /** Hex; `undefined` if the file is not there. */
  sha256: string | undefined;
  /** The last part of it, for engines that have an end to look for. */
  end: string;
}

/** Everything that a restore is decided on. */
export interface RestoreFacts {
  platform: Platform;
  place: Pick<Place, 'whyBusy' | 'notRunning'>;
  containers: readonly DatastoreContainer[];
  dumps: readonly CheckedDump[];
  /** Of the servers that answer, by the datastore's name. */
  serverVersions: ReadonlyMap<string, string>;
  /** Whether services may go on meanwhile. */
  whileRunning: boolean;
}

/** A datastore whose content is to be replaced by a dump. */
export interface RestoreStep {
  name: string;
  manifest: DumpManifest;
  path: string;
  container: DatastoreContainer;
}

/** The name of the datastore that a dump is of. */
export function dumpedName({ service, purpose }: DumpManifest): string {
  return datastoreName(service, purpose);
}

/**
 * Those of these services; a datastore's own name counts as well, and none means all.
 * @throws {UserError} with every word that no dump is of.
 */
export function selectDumps(dumps: readonly Dump[], words: readonly string[]): Dump[] {
  const namesOf = ({ manifest }: Dump) => [manifest.service, dumpedName(manifest)];
  const names = [...new Set(dumps.flatMap(namesOf))];
  const unknown = words.filter((word) => !names.includes(word));
  if (unknown.length > 0) {
    throw new UserError(
      unknown
        .map((word) => `no dump in this backup is from "${word}"${didYouMean(word, names)}`)
        .join('\n'),
    );
  }
  return dumps.filter(
    (dump) => words.length === 0 || namesOf(dump).some((name) => words.includes(name)),
  );
}

/** The container that runs a datastore. */
export function containerOf(
  containers: readonly DatastoreContainer[],
  name: string,
): DatastoreContainer | undefined {
  return containers.find(({ service, state }) => service === name && state === 'running');
}

/** What to restore, and everything that speaks against it. */
export function planRestore(facts: RestoreFacts): { steps: RestoreStep[]; problems: string[] } {
  const steps: RestoreStep[] = [];
  const problems: string[] = [];
  for (const dump of facts.dumps) {
    const name = dumpedName(dump.manifest);
    const container = containerOf(facts.containers, name);
    const found = problemsOf(facts, dump, name, container);
    problems.push(...found);
    if (container && found.length === 0) {
      steps.push({ name, manifest: dump.manifest, path: dump.path, container });
    }
  }
  return { steps, problems };
}

function problemsOf(
  facts: RestoreFacts,
  { manifest, path, sha256, end }: CheckedDump,
  name: string,
  container: DatastoreContainer | undefined,
): string[] {
  const { engine, purpose, database, serverVersion } = manifest;
  const problems: string[] = [];
  if (sha256 !== manifest.sha256) {
    problems.push(
      sha256 === undefined
        ? `${path} does not exist`
        : `${path} was changed after it was dumped: its sha256 is ${sha256}, the manifest says ${manifest.sha256}`,
    );
  }
  const owner = facts.platform.services.find(({ name }) => name === manifest.service);
  const present = owner?.datastores[purpose];
  if (present === undefined) {
    return [...problems, `${name} is not a datastore of this platform`];
  }
  if (present !== engine) {
    return [...problems, `${name} is ${present}, but the dump is from ${engine}`];
  }
  const expected = manifest.isWhole ? undefined : DUMP_TOOLS[engine].end;
  if (sha256 === manifest.sha256 && expected && !expected.test(end)) {
    problems.push(
      `${path} breaks off: a whole dump of ${engine} ends with "-- Dump completed". If it is of another kind, write "isWhole": true into its manifest`,
    );
  }
  if (!container) return [...problems, `${name} ${facts.place.notRunning}`];
  const there = databaseOf(engine, container.environment);
  if (there !== database) {
    problems.push(
      `the dump is from the database "${database}", but ${name} has "${there ?? 'none'}"`,
    );
  }
  const version = facts.serverVersions.get(name);
  if (version !== undefined && isNewerRelease(engine, serverVersion, version)) {
    problems.push(
      `the dump is from ${engine} ${serverVersion}, but ${name} runs the older ${version}: use an image of that version or a newer one`,
    );
  }
  const busy = facts.whileRunning
    ? undefined
    : facts.place.whyBusy(facts.containers, manifest.service, name);
  return busy === undefined ? problems : [...problems, busy];
}

/** One line for a person who has to say yes to it. */
export function describeStep({ name, manifest, container }: RestoreStep): string {
  const { engine, environment, since, serverVersion } = manifest;
  return `${name} (${engine}, in ${container.name}) is replaced by the backup of ${environment} from ${since} (${engine} ${serverVersion})`;
}

/** A restore failed and left a datastore of the service with neither the old data nor the restored. */
export class HalfReplaced extends UserError {
  override readonly name = 'HalfReplaced';

  constructor(
    readonly service: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether a restore of it that failed leaves neither the old data nor the restored. */
export function isHalfReplaced({ manifest }: Pick<RestoreStep, 'manifest'>): boolean {
  return !DUMP_TOOLS[manifest.engine].isAtomic;
}

/** What is known of a datastore whose restore failed, and what to do. */
export function stateAfterFailure(
  step: RestoreStep,
  outcome: Outcome | undefined,
  /** The command that brings back what was there; `undefined` if no copy was made. */
  goBack: string | undefined,
): string {
  const { name, manifest } = step;
  const { engine } = manifest;
  if (isHalfReplaced(step)) {
    return `${name} is half replaced: ${engine} cannot replace a database in one transaction. ${
      goBack === undefined ? 'Restore it again' : `To bring the old data back, run "${goBack}"`
    }`;
  }
  // Its own errors come before the commit; a connection that broke may have broken just after it.
  return /\bERROR:|pg_restore: error:/.test(outcome?.stderr ?? '')
    ? `${name} still has the old data: the restore is one transaction, which was not committed`
    : `${name} has either the old data or the restored data: the restore is one transaction, and the connection broke before it was confirmed. Restore it again`;
}
