import { ENVIRONMENT_OPTION, readOptions } from '../options';
import type { Shell } from '../shell';
import { formatStatus } from './format';
import { readStatus } from './read-status';
import { isInStep } from './report';

export const STATUS_USAGE = `usage: micro status [-e environment] [--json] [--check]

  Shows what is running in an environment and how it differs from what this workspace last pushed
  for it.

  -e, --environment   the environment; development by default
      --json          print the report as JSON
      --check         exit with 1 if anything is not up to date, or could not be compared
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  json: { type: 'boolean' },
  check: { type: 'boolean' },
} as const;

/** `micro status` */
export async function statusCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, STATUS_USAGE);
  const status = await readStatus(shell, values.environment);
  if (values.json) shell.say(JSON.stringify(status, null, 2));
  else formatStatus(status, shell.clock.now(), shell.paint).forEach(shell.say);
  return values.check && !isInStep(status) ? 1 : 0;
}
