import { join } from 'node:path';
import { docker, type EngineAddress } from '../../docker/command';
import { DUMP_TOOLS } from '../../docker/dump';
import { scriptArguments } from '../../docker/exec';
import { timestamp } from '../../effects/clock';
import { writeWhole } from '../../effects/files';
import { writeStreamed } from '../../effects/streamed-file';
import type { DatabaseEngine } from '../../platform/datastore';
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
  const script = scriptArguments(id, DUMP_TOOLS[engine].version);
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
  const command = docker(scriptArguments(container.id, DUMP_TOOLS[engine].dump), place.address);
  const written = await writeStreamed(join(folder, file), async (output) => {
    const outcome = await runner.run(command, { output, signal });
    if (outcome.exitCode !== 0) {
      throw toToolError(`${name} could not be dumped`, outcome, place.address);
    }
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
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWhole(join(folder, manifestFile(file)), text, 0o600);
  return manifest;
}
