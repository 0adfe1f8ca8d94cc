import { join } from 'node:path';
import { DUMP_TOOLS } from '../../docker/dump';
import { timestamp } from '../../effects/clock';
import { writeWhole } from '../../effects/files';
import { watchFlow, type FlowWords } from '../../effects/flow-watch';
import { writeStreamed } from '../../effects/streamed-file';
import type { WholeOutcome } from '../../effects/whole-output';
import type { DatabaseEngine } from '../../platform/datastore';
import { UserError } from '../../platform/user-error';
import { formatBytes } from '../../terminal/step';
import type { Shell } from '../shell';
import { manifestFile, type DumpManifest } from './manifest';
import type { DatastoreContainer, Place } from './place';
import type { BackupStep } from './plan';

/** Asks the server in a container for its version. */
export async function readServerVersion(
  shell: Shell,
  place: Place,
  engine: DatabaseEngine,
  container: DatastoreContainer,
): Promise<string> {
  const outcome = await place.ask(shell, container, DUMP_TOOLS[engine].version);
  const version = outcome.stdout.trim();
  if (outcome.exitCode === 0 && version !== '') return version;
  throw place.toError(`${container.name} does not answer like ${engine}`, outcome);
}

/**
 * Dumps one datastore into `folder`: the file, and once it is whole its manifest.
 * @throws {UserError} if it cannot; then neither is there.
 */
export async function dumpDatastore(
  shell: Shell,
  place: Place,
  { name, datastore, container, database, file }: Extract<BackupStep, { kind: 'dump' }>,
  folder: string,
): Promise<DumpManifest> {
  const { engine, service, purpose } = datastore;
  const serverVersion = await readServerVersion(shell, place, engine, container);
  const since = timestamp(shell.clock);
  const written = await writeStreamed(join(folder, file), async (output) => {
    const outcome = await watchFlow(shell, wordsOf(name), (onBytes) =>
      place.dump(shell, container, DUMP_TOOLS[engine].dump, { output, onBytes }),
    );
    if (!outcome.isWhole) throw toDumpError(name, outcome, place);
  });
  const manifest: DumpManifest = {
    kind: 'micro-backup',
    file,
    service,
    purpose,
    engine,
    serverVersion,
    image: container.image,
    database,
    environment: place.environment,
    since,
    ...written,
    isWhole: true,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWhole(join(folder, manifestFile(file)), text, 0o600);
  return manifest;
}

function wordsOf(name: string): FlowWords {
  return {
    progress: (bytes) => `${name}  ${formatBytes(bytes)}`,
    waiting: (bytes, since) =>
      `still waiting for ${name}: no data since ${since}, ${formatBytes(bytes)} so far`,
  };
}

function toDumpError(name: string, outcome: WholeOutcome, place: Place): UserError {
  const what = `${name} could not be dumped`;
  if (outcome.exitCode !== 0) return place.toError(what, outcome);
  const words = outcome.stderr.trim();
  return new UserError(
    `${what}: the connection to the engine ended before the dump did${words && ` (${words})`}. Try again`,
  );
}
