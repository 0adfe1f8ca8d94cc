import { readAnyEnvironment } from '../../effects/environments';
import { differenceOf } from '../../platform/environment-difference';
import { UserError } from '../../platform/user-error';
import { readOptions } from '../options';
import type { Shell } from '../shell';
import { formatColumns } from '../../terminal/columns';

export const DIFF_USAGE = `usage: micro diff <environment> <environment> [--json]

  Shows how two environments differ. Defaults are compared too.

      --json          print the differences as JSON
`;

const OPTIONS = { json: { type: 'boolean' } } as const;

/** `micro diff` */
export function diffCommand(
  args: readonly string[],
  { workspaceRoot, say, paint }: Shell,
): Promise<number> {
  const { values, words } = readOptions(args, OPTIONS, DIFF_USAGE, { words: true });
  const [first, second, ...more] = words;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UserError(DIFF_USAGE);
  }
  const [one, other] = [first, second].map((name) => readAnyEnvironment(workspaceRoot, name));
  const differences = differenceOf(one!, other!);
  if (values.json) say(JSON.stringify(differences, null, 2));
  else if (differences.length === 0) say(`${first} and ${second} do not differ`);
  else {
    const head = ['', first, second].map((word) => paint('dim', word));
    const rows = differences.map((it) => [
      it.path,
      it.one ?? paint('dim', '-'),
      it.other ?? paint('dim', '-'),
    ]);
    formatColumns([head, ...rows]).forEach(say);
  }
  return Promise.resolve(0);
}
