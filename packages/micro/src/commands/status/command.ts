import { ENVIRONMENT_OPTION, readOptions } from '../options';
import type { Shell } from '../shell';
import { formatStatus } from './format';
import { readStatus } from './read-status';
import { isInStep } from './report';

export const STATUS_USAGE = `usage: micro status [-e environment] [--json] [--check]

  What runs in an environment, beside what this workspace last pushed for it.

  -e, --environment   development unless given
      --json          the report as JSON
      --check         exit code 1 where anything is not in step, or could not be compared
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
