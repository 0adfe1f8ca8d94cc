import { UserError } from '../../platform/user-error';
import { ENVIRONMENT_OPTION, readOptions } from '../options';
import type { Shell } from '../shell';
import { isFolderInStep } from './folder-document';
import { formatFolderStatus } from './format-folder';
import { formatStatus } from './format';
import { readFolderStatus } from './read-folder-status';
import { readStatus } from './read-status';
import { formatPushed, notRunning } from './pushed';
import { isInStep } from './report';

export const STATUS_USAGE = `usage: micro status [-e environment] [--json] [--check [--pushed]] [--folder path]

  Shows what is running in an environment and how it differs from what this workspace last pushed
  for it.

  -e, --environment   the environment; development by default
      --json          print the report as JSON
      --check         exit with 1 if anything is not up to date, or could not be compared
      --pushed        with --check: compare only what was pushed from here; everything else has
                      to be healthy. For pipelines, whose jobs push only what changed
      --folder        compare a folder that "micro render" wrote, or a kustomization that has it as
                      a resource, with the cluster and with what is declared now. For GitOps
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  json: { type: 'boolean' },
  check: { type: 'boolean' },
  pushed: { type: 'boolean' },
  folder: { type: 'string' },
} as const;

/** `micro status` */
export async function statusCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, STATUS_USAGE);
  if (values.pushed && !values.check) {
    throw new UserError('--pushed says what --check compares: use both, or neither');
  }
  if (values.folder !== undefined) return folderCommand(values.folder, values, shell);
  const status = await readStatus(shell, values.environment);
  if (values.json) shell.say(JSON.stringify(status, null, 2));
  else formatStatus(status, shell.clock.now(), shell.paint).forEach(shell.say);
  if (!values.check) return 0;
  if (!values.pushed) return isInStep(status) ? 0 : 1;
  if (!values.json) shell.say(formatPushed(status));
  return notRunning(status).length === 0 ? 0 : 1;
}

interface FolderOptions {
  environment: string;
  json?: boolean | undefined;
  check?: boolean | undefined;
  pushed?: boolean | undefined;
}

async function folderCommand(
  folder: string,
  { environment, json, check, pushed }: FolderOptions,
  shell: Shell,
): Promise<number> {
  if (pushed) throw new UserError('--pushed and --folder cannot be combined');
  const status = await readFolderStatus(shell, environment, folder);
  if (json) shell.say(JSON.stringify(status, null, 2));
  else formatFolderStatus(status, shell.paint).forEach(shell.say);
  return check && !isFolderInStep(status) ? 1 : 0;
}
