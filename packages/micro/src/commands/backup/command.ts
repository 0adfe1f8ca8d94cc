import { isAbsolute, join, relative } from 'node:path';
import { timestamp } from '../../effects/clock';
import { makeIgnoredFolder, makePrivateFolder } from '../../effects/streamed-file';
import { formatBytes, formatSeconds } from '../../terminal/step';
import { UserError } from '../../platform/user-error';
import { whyEnded } from '../hold-environment';
import { BREAK_LOCK_OPTION, ENVIRONMENT_OPTION, readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { dumpDatastore } from './dump-datastore';
import type { Place } from './place';
import { folderOfTime, planBackup, type BackupStep } from './plan';
import { readPlace } from './read-place';

export const BACKUPS_FOLDER = 'backups';

export const BACKUP_USAGE = `usage: micro backup [services...] [-e environment] [--to folder] [--no-lock | --break-lock]

  Dumps the databases of an environment while they run, each as of one moment, into a new folder
  <to>/<environment>/<time>. Caches without data on disk are skipped. If a database cannot be
  dumped, the others still are, and the exit code is 1. The dumps contain all data: protect them
  like secrets. Deploys wait until the backup is done, because a migration would block on it.

  -e, --environment   the environment; development by default
      --to            the folder; ${BACKUPS_FOLDER} by default, which git ignores
      --no-lock       do not block deploys; for a long backup while no migration runs
      --break-lock    take the lock away from a running deploy

  services            back up only these; a datastore such as orders-database can be named too
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  ...BREAK_LOCK_OPTION,
  'no-lock': { type: 'boolean', default: false },
  to: { type: 'string', default: BACKUPS_FOLDER },
} as const;

/** `micro backup` */
export async function backupCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values, words } = readOptions(args, OPTIONS, BACKUP_USAGE, { words: true });
  const { workspaceRoot, say } = shell;
  const platform = readWorkspacePlatform(workspaceRoot);
  const place = readPlace(workspaceRoot, platform, values.environment);
  const plan = async () => planBackup(platform, place, await place.readContainers(shell), words);
  const steps = await plan();
  const first = steps.find((step) => step.kind === 'dump');
  if (!first) {
    steps.forEach((step) => tell(shell, step));
    say(`nothing was backed up: ${place.home} has no database that can be dumped`);
    return steps.some(({ kind }) => kind === 'missing') ? 1 : 0;
  }
  const dump = async (here: Shell, now: readonly BackupStep[]) => {
    const folder = await newBackupFolder(here, values.to, place.environment);
    const failed = await runSteps(here, place, now, folder);
    say(
      `${failed === 0 ? 'backed up into' : 'backed up in part; what could be dumped is in'} ${relativeTo(here, folder)}`,
    );
    return failed === 0 ? 0 : 1;
  };
  if (values['no-lock']) return dump(shell, steps);
  const lock = { command: 'micro backup', force: values['break-lock'] };
  // What was deployed while it waited may have replaced containers.
  return place.hold(shell, lock, async (here) => dump(here, await plan()));
}

/** A folder of this moment. */
export async function newBackupFolder(
  { workspaceRoot, clock }: Shell,
  to: string,
  ...names: string[]
): Promise<string> {
  const root = isAbsolute(to) ? to : join(workspaceRoot, to);
  const folder = join(root, ...names, folderOfTime(timestamp(clock)));
  try {
    await makeIgnoredFolder(root);
    await makePrivateFolder(folder);
  } catch (error) {
    throw new UserError(`${folder} could not be created: ${(error as Error).message}`);
  }
  return folder;
}

export function relativeTo({ workspaceRoot }: Shell, path: string): string {
  const inside = relative(workspaceRoot, path);
  return inside.startsWith('..') ? path : inside;
}

/** One after the other: each reads a whole disk. */
async function runSteps(
  shell: Shell,
  place: Place,
  steps: readonly BackupStep[],
  folder: string,
): Promise<number> {
  const { clock, say, paint, signal } = shell;
  let failed = 0;
  for (const step of steps) {
    if (step.kind !== 'dump') {
      if (tell(shell, step) === 'missing') failed++;
      continue;
    }
    const begun = clock.now();
    try {
      const { engine, serverVersion, bytes, file } = await dumpDatastore(
        shell,
        place,
        step,
        folder,
      );
      say(
        `${paint('green', '✓')}  ${step.name}  ${engine} ${serverVersion}  ${formatBytes(bytes)}  ${formatSeconds(clock.now() - begun)}  ${file}`,
      );
    } catch (error) {
      if (signal.aborted) {
        throw new UserError(`${whyEnded(signal)}: ${step.name} has no dump`);
      }
      failed++;
      say(`${paint('red', '✕')}  ${describeFailure(step.name, error)}`);
    }
  }
  return failed;
}

/** Words of an error that is about this one datastore. @throws any other, which is our own fault. */
function describeFailure(name: string, error: unknown): string {
  if (error instanceof UserError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return `${name} could not be dumped: ${message}`;
}

function tell({ say, paint }: Shell, step: BackupStep): BackupStep['kind'] {
  if (step.kind === 'left-out') say(`${paint('dim', '-')}  ${step.name}  left out: ${step.why}`);
  if (step.kind === 'missing') say(`${paint('red', '✕')}  ${step.name}  ${step.why}`);
  return step.kind;
}
