import { migrationJobName } from '../../compose/migration-job';
import { docker, formatCommand, type EngineAddress } from '../../docker/command';
import { stopArguments } from '../../docker/container';
import { databaseOf, DUMP_TOOLS, isNewerRelease } from '../../docker/dump';
import type { Outcome } from '../../effects/process';
import { datastoreName } from '../../platform/datastore';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import type { DumpManifest } from '../backup/manifest';
import type { Dump } from './read-dumps';
import type { RunningContainer } from '../../deployment/container';

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
  address: EngineAddress;
  containers: readonly RunningContainer[];
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
  container: RunningContainer;
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
  containers: readonly RunningContainer[],
  name: string,
): RunningContainer | undefined {
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
  container: RunningContainer | undefined,
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
  if (!container) return [...problems, `${name} has no running container: start it`];
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
  if (!facts.whileRunning) problems.push(...runningProblems(facts, manifest.service, name));
  return problems;
}

/**
 * A running service would write data that is about to be lost, read data that is half restored, and block the restore
 * with open transactions.
 */
function runningProblems(
  { containers, address }: RestoreFacts,
  owner: string,
  name: string,
): string[] {
  const users = [owner, migrationJobName({ name: owner })];
  const busy = containers
    .filter(({ service }) => users.includes(service))
    .filter(({ state }) => state === 'running' || state === 'restarting' || state === 'paused')
    .map((container) => container.name);
  if (busy.length === 0) return [];
  const stop = formatCommand(docker(stopArguments(busy), address));
  return [
    `${owner} is running and would write to ${name} meanwhile: stop it with "${stop}" and start it afterwards, or use --while-running`,
  ];
}

/** One line for a person who has to say yes to it. */
export function describeStep({ name, manifest, container }: RestoreStep): string {
  const { engine, environment, since, serverVersion } = manifest;
  return `${name} (${engine}, in ${container.name}) is replaced by the backup of ${environment} from ${since} (${engine} ${serverVersion})`;
}

/** What is known of a datastore whose restore failed, and what to do. */
export function stateAfterFailure(
  { name, manifest: { engine } }: RestoreStep,
  outcome: Outcome | undefined,
  /** The command that brings back what was there; `undefined` if no copy was made. */
  goBack: string | undefined,
): string {
  if (!DUMP_TOOLS[engine].isAtomic) {
    return `${name} is half replaced: ${engine} cannot replace a database in one transaction. ${
      goBack === undefined ? 'Restore it again' : `To bring the old data back, run "${goBack}"`
    }`;
  }
  // Its own errors come before the commit; a connection that broke may have broken just after it.
  return /\bERROR:|pg_restore: error:/.test(outcome?.stderr ?? '')
    ? `${name} still has the old data: the restore is one transaction, which was not committed`
    : `${name} has either the old data or the restored data: the restore is one transaction, and the connection broke before it was confirmed. Restore it again`;
}
