import { UserError } from '../../platform/user-error';
import { ENVIRONMENT_OPTION, readOptions } from '../options';
import type { Shell } from '../shell';
import { formatStatus } from './format';
import { readStatus } from './read-status';
import { formatPushed, notRunning } from './pushed';
import { isInStep } from './report';

export const STATUS_USAGE = `usage: micro status [-e environment] [--json] [--check [--pushed]]

  Shows what is running in an environment and how it differs from what this workspace last pushed
  for it.

  -e, --environment   the environment; development by default
      --json          print the report as JSON
      --check         exit with 1 if anything is not up to date, or could not be compared
      --pushed        with --check: compare only what was pushed from here; everything else has
                      to be healthy. For pipelines, whose jobs push only what changed
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  json: { type: 'boolean' },
  check: { type: 'boolean' },
  pushed: { type: 'boolean' },
} as const;

/** `micro status` */
export async function statusCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, STATUS_USAGE);
  if (values.pushed && !values.check) {
    throw new UserError('--pushed says what --check compares: use both, or neither');
  }
  const status = await readStatus(shell, values.environment);
  if (values.json) shell.say(JSON.stringify(status, null, 2));
  else formatStatus(status, shell.clock.now(), shell.paint).forEach(shell.say);
  if (!values.check) return 0;
  if (!values.pushed) return isInStep(status) ? 0 : 1;
  if (!values.json) shell.say(formatPushed(status));
  return notRunning(status).length === 0 ? 0 : 1;
}
