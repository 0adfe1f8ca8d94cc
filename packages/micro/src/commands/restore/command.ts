import { isAbsolute, join } from 'node:path';
import { datastoresOf } from '../../compose/datastore';
import { DUMP_TOOLS } from '../../docker/dump';
import { hashFile, readEnd } from '../../effects/streamed-file';
import { formatSeconds } from '../../terminal/step';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { BACKUPS_FOLDER, newBackupFolder, relativeTo } from '../backup/command';
import { dumpDatastore, readServerVersion } from '../backup/dump-datastore';
import type { DatastoreContainer, Place } from '../backup/place';
import { planBackup } from '../backup/plan';
import { readPlace } from '../backup/read-place';
import { BREAK_LOCK_OPTION, ENVIRONMENT_OPTION, readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import {
  containerOf,
  describeStep,
  dumpedName,
  HalfReplaced,
  planRestore,
  selectDumps,
  type RestoreStep,
} from './plan';
import { readDumps, type Dump } from './read-dumps';
import { restoreDatastore } from './restore-datastore';

export const RESTORE_USAGE = `usage: micro restore <folder or dump> [services...] [-e environment] --yes [options]

  Replaces the data of an environment's databases with a backup. Nothing is touched unless every
  dump is complete and fits its server, and the services that own the databases are stopped. On a
  Kubernetes cluster, it stops them itself and starts them again. Deploys wait until it is done.

  PostgreSQL restores in one transaction: if it fails, the old data is still there. MySQL, MariaDB
  and MongoDB cannot, so their current data is dumped first, into
  ${BACKUPS_FOLDER}/<environment>/before-restore.

  -e, --environment     the environment; development by default
      --yes             really do it; without it, only says what would be replaced
      --while-running   restore while the services run; what they write meanwhile may be lost
      --no-copy         skip that first dump, for a database that is too damaged for it
      --break-lock      take the lock away from a running deploy

  services              restore only these; a datastore such as orders-database can be named too
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  ...BREAK_LOCK_OPTION,
  yes: { type: 'boolean' },
  'while-running': { type: 'boolean', default: false },
  'no-copy': { type: 'boolean', default: false },
} as const;

/** In which the last line of a dump fits. */
const END_BYTES = 1000;

/** `micro restore` */
export async function restoreCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values, words } = readOptions(args, OPTIONS, RESTORE_USAGE, { words: true });
  const [path, ...names] = words;
  if (path === undefined) throw new UserError(`which backup?\n\n${RESTORE_USAGE}`);
  const { workspaceRoot, say } = shell;
  const platform = readWorkspacePlatform(workspaceRoot);
  const place = readPlace(workspaceRoot, platform, values.environment);
  const dumps = selectDumps(readDumps(isAbsolute(path) ? path : join(workspaceRoot, path)), names);
  const checked = await Promise.all(
    dumps.map(async (dump) => ({
      ...dump,
      sha256: await hashFile(dump.path),
      end: await readEnd(dump.path, END_BYTES),
    })),
  );
  const plan = async () => {
    const containers = await place.readContainers(shell);
    const { steps, problems } = planRestore({
      platform,
      place,
      containers,
      dumps: checked,
      serverVersions: await readServerVersions(shell, place, platform, containers, dumps),
      whileRunning: values['while-running'],
    });
    if (problems.length === 0) return { steps, containers };
    throw new UserError(['nothing was restored:', ...problems].join('\n  '));
  };
  const { steps, containers } = await plan();
  steps.forEach((step) => say(describeStep(step)));
  const ownersOf = (all: readonly RestoreStep[]) =>
    values['while-running'] ? [] : [...new Set(all.map(({ manifest }) => manifest.service))];
  place.describePause(containers, ownersOf(steps)).forEach(say);
  if (!values.yes) {
    say('Nothing restored. This overwrites current data; run again with --yes to continue.');
    return 1;
  }
  const lock = { command: 'micro restore', force: values['break-lock'] };
  await place.hold(shell, lock, async (here) => {
    // What was deployed while it waited may run again.
    const now = await plan();
    const surroundings = { platform, containers: now.containers, withCopy: !values['no-copy'] };
    await place.withoutServices(here, ownersOf(now.steps), () =>
      runSteps(here, place, surroundings, now.steps),
    );
  });
  return 0;
}

/** Of the servers whose engine is that of the dump: another one would not understand the question. */
async function readServerVersions(
  shell: Shell,
  place: Place,
  { services }: Platform,
  containers: readonly DatastoreContainer[],
  dumps: readonly Dump[],
): Promise<Map<string, string>> {
  const present = new Map(services.flatMap(datastoresOf).map(({ name, engine }) => [name, engine]));
  const versions = new Map<string, string>();
  for (const { manifest } of dumps) {
    const name = dumpedName(manifest);
    const container = containerOf(containers, name);
    if (!container || present.get(name) !== manifest.engine) continue;
    versions.set(name, await readServerVersion(shell, place, manifest.engine, container));
  }
  return versions;
}

interface Surroundings {
  platform: Platform;
  containers: readonly DatastoreContainer[];
  withCopy: boolean;
}

/** One after the other; the first that fails ends it, and those after it are as they were. */
async function runSteps(
  shell: Shell,
  place: Place,
  surroundings: Surroundings,
  steps: readonly RestoreStep[],
): Promise<void> {
  const { clock, say, paint } = shell;
  for (const [index, step] of steps.entries()) {
    const begun = clock.now();
    try {
      const goBack = await copyFirst(shell, place, surroundings, step);
      await restoreDatastore(shell, place, step, goBack);
      say(`${paint('green', '✓')}  ${step.name}  restored  ${formatSeconds(clock.now() - begun)}`);
      await place.afterRestore(shell, step.manifest.service);
    } catch (error) {
      const rest = steps.slice(index + 1).map(({ name }) => name);
      if (!(error instanceof UserError) || rest.length === 0) throw error;
      const message = `${error.message}\nnot started, still with the old data: ${rest.join(', ')}`;
      throw error instanceof HalfReplaced
        ? new HalfReplaced(error.service, message)
        : new UserError(message);
    }
  }
}

/**
 * Dumps what a restore that is not one transaction could leave half replaced.
 * @returns the command that brings it back; `undefined` if nothing was dumped.
 */
async function copyFirst(
  shell: Shell,
  place: Place,
  { platform, containers, withCopy }: Surroundings,
  { name, manifest }: RestoreStep,
): Promise<string | undefined> {
  if (!withCopy || DUMP_TOOLS[manifest.engine].isAtomic) return undefined;
  const [step] = planBackup(platform, place, containers, [name]);
  if (step?.kind !== 'dump') throw new UserError(`${name} ${step?.why ?? 'is not there'}`);
  const folder = await newBackupFolder(shell, BACKUPS_FOLDER, place.environment, 'before-restore');
  try {
    await dumpDatastore(shell, place, step, folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}\n${name} still has the old data: without a copy of it, nothing is replaced. Use --no-copy to restore without a copy`,
    );
  }
  const copy = relativeTo(shell, folder);
  shell.say(`${name}: the old data is saved in ${copy}`);
  return `npx micro restore ${copy} -e ${place.environment} --yes --no-copy`;
}
