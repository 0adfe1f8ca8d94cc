import { ENVIRONMENT_OPTION, readOptions } from '../options';
import type { Colour, Paint, Shell } from '../shell';
import { formatColumns } from '../../terminal/columns';
import type { Check } from './check';
import { checkFacts } from './checks';
import { readDoctorFacts } from './read-facts';

export const DOCTOR_USAGE = `usage: micro doctor [-e environment] [--json]

  Checks what prevents a build or a deploy from this machine, and says what to do.
  Exits with 1 if a check fails.

  -e, --environment   the environment; development by default
      --json          print the list as JSON
`;

const OPTIONS = { ...ENVIRONMENT_OPTION, json: { type: 'boolean' } } as const;

const MARKS: Record<Check['level'], { mark: string; colour: Colour }> = {
  ok: { mark: 'ok', colour: 'green' },
  warn: { mark: 'warn', colour: 'yellow' },
  fail: { mark: 'FAIL', colour: 'red' },
};

/** `micro doctor` */
export async function doctorCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, DOCTOR_USAGE);
  const checks = checkFacts(
    await readDoctorFacts(shell, values.environment),
    new Date(shell.clock.now()),
  );
  if (values.json) shell.say(JSON.stringify(checks, null, 2));
  else formatChecks(checks, shell.paint).forEach(shell.say);
  return checks.some(({ level }) => level === 'fail') ? 1 : 0;
}

/** One line a check; below it what to do. */
export function formatChecks(checks: readonly Check[], paint: Paint): string[] {
  const lines = formatColumns(
    checks.map(({ level, what, says }) => {
      const { mark, colour } = MARKS[level];
      return [paint(colour, mark), what, says];
    }),
  );
  return lines.flatMap((line, index) => {
    const { advice } = checks[index]!;
    return advice === undefined ? [line] : [line, `      ${advice}`];
  });
}
