import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { docker, type EngineAddress } from '../../docker/command';
import { DUMP_TOOLS } from '../../docker/dump';
import { scriptArguments } from '../../docker/exec';
import { timestamp } from '../../effects/clock';
import { writeWhole } from '../../effects/files';
import { watchFlow, type FlowWords } from '../../effects/flow-watch';
import { writeStreamed } from '../../effects/streamed-file';
import { runToMark, type WholeOutcome } from '../../effects/whole-output';
import type { DatabaseEngine } from '../../platform/datastore';
import { UserError } from '../../platform/user-error';
import { formatBytes } from '../../terminal/step';
import type { Shell } from '../shell';
import { toToolError } from '../tool-failure';
import { manifestFile, type DumpManifest } from './manifest';
import type { BackupStep } from './plan';

/** An environment, and the engine that it runs on. */
export interface Place {
  environment: string;
  address: EngineAddress;
}

/** Asks the server in a container for its version. */
export async function readServerVersion(
  { runner }: Pick<Shell, 'runner'>,
  { address }: Pick<Place, 'address'>,
  engine: DatabaseEngine,
  { id, name }: { id: string; name: string },
): Promise<string> {
  const script = scriptArguments(id, DUMP_TOOLS[engine].version, { mark: newMark() });
  const outcome = await runner.run(docker(script, address), { timeout: 30_000 });
  const version = outcome.stdout.trim();
  if (outcome.exitCode === 0 && version !== '') return version;
  throw toToolError(`${name} does not answer like ${engine}`, outcome, address);
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
  const { runner, clock, signal } = shell;
  const { engine, service, purpose } = datastore;
  const serverVersion = await readServerVersion(shell, place, engine, container);
  const since = timestamp(clock);
  const mark = newMark();
  const script = scriptArguments(container.id, DUMP_TOOLS[engine].dump, {
    interactive: true,
    mark,
  });
  const command = docker(script, place.address);
  const written = await writeStreamed(join(folder, file), async (output) => {
    const outcome = await watchFlow(shell, wordsOf(name), (onBytes) =>
      runToMark(runner, command, mark, { output, signal, onBytes }),
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

/** No two runs of a script have the same. */
export function newMark(): string {
  return `micro-${randomUUID()}`;
}

function wordsOf(name: string): FlowWords {
  return {
    progress: (bytes) => `${name}  ${formatBytes(bytes)}`,
    waiting: (bytes, since) =>
      `still waiting for ${name}: no data since ${since}, ${formatBytes(bytes)} so far`,
  };
}

function toDumpError(name: string, outcome: WholeOutcome, { address }: Place): UserError {
  const what = `${name} could not be dumped`;
  if (outcome.exitCode !== 0) return toToolError(what, outcome, address);
  const words = outcome.stderr.trim();
  return new UserError(
    `${what}: the connection to the engine ended before the dump did${words && ` (${words})`}. Try again`,
  );
}
