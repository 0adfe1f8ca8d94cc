import { join } from 'node:path';
import { writeWhole } from '../../effects/files';
import { PlatformError } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import { formatColumns } from '../../terminal/columns';
import { readOptions } from '../options';
import type { Shell } from '../shell';
import { readBases, readDockerfiles, type ServiceDockerfile } from './read-bases';
import { baseRows, type Base } from './report';
import { planUpdate, whyNotUpdated, type BasesUpdate } from './update';

export const BASES_USAGE = `usage: micro bases [--update] [--json]

  Shows the base images of all services: what they are pinned to, how old it is, and what is newer.

      --update   pin each to what its tag names now, in the Dockerfiles
      --json     print the list as JSON
`;

const OPTIONS = { update: { type: 'boolean' }, json: { type: 'boolean' } } as const;

/** `micro bases` */
export async function basesCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, BASES_USAGE);
  const dockerfiles = readDockerfiles(shell.workspaceRoot);
  const bases = await readBases(shell.runner, dockerfiles);
  if (values.update) {
    sayUpdate(shell, await updateBases(shell, dockerfiles, bases), values.json);
  } else sayBases(shell, bases, values.json);
  return 0;
}

/** @throws {UserError} before anything is written, if one of them cannot be updated. */
async function updateBases(
  { workspaceRoot }: Shell,
  dockerfiles: readonly ServiceDockerfile[],
  bases: readonly Base[],
): Promise<BasesUpdate['files']> {
  const reasons = bases.flatMap((base) => whyNotUpdated(base) ?? []);
  if (reasons.length > 0) {
    throw new UserError(`Nothing was updated:\n${reasons.map((one) => `  ${one}`).join('\n')}`);
  }
  const digests = bases.flatMap(({ name, now }) =>
    now === undefined ? [] : [[name, now] as const],
  );
  const { files, problems } = planUpdate(dockerfiles, new Map(digests));
  if (problems.length > 0) throw new PlatformError(problems);
  for (const { file, text } of files) await writeWhole(join(workspaceRoot, file), text);
  return files;
}

function sayUpdate({ say, paint }: Shell, files: BasesUpdate['files'], json = false): void {
  if (json) {
    const pinned = files.map(({ service, file }) => ({ service, file }));
    say(JSON.stringify(pinned, null, 2));
    return;
  }
  if (files.length === 0) {
    say('All base images are pinned to the newest image of their tag.');
    return;
  }
  for (const { service, file } of files) say(`${paint('green', 'pinned')}  ${service}  ${file}`);
  say('Their images are built again: npx nx affected -t docker-build');
}

function sayBases({ clock, say, paint }: Shell, bases: readonly Base[], json = false): void {
  if (json) {
    say(JSON.stringify(bases, null, 2));
    return;
  }
  if (bases.length === 0) {
    say('No service has a Dockerfile.');
    return;
  }
  const head = ['base', 'pinned to', 'age', '', 'services'].map((word) => paint('dim', word));
  formatColumns([head, ...baseRows(bases, clock.now())]).forEach(say);
  for (const { name, reason } of bases) if (reason !== undefined) say(`${name}: ${reason}`);
}
