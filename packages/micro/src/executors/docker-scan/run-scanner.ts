import { stripVTControlCharacters } from 'node:util';
import { formatCommand, type Command } from '../../docker/command';
import type { Runner } from '../../effects/process';
import { UserError } from '../../platform/user-error';

/** How many lines of its complaint are shown. */
const SHOWN = 5;

/** @throws {UserError} with what it says, if it fails. */
export async function runScanner(runner: Runner, command: Command): Promise<string> {
  const { exitCode, stdout, stderr } = await runner.run(command);
  if (exitCode === 0) return stdout;
  const said = stripVTControlCharacters(stderr.trim() === '' ? stdout : stderr);
  const lines = said.trim().split('\n').slice(-SHOWN);
  throw new UserError(`"${formatCommand(command)}" failed:\n  ${lines.join('\n  ')}`);
}
