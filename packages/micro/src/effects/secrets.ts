import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatCommand } from '../docker/command';
import { Secret, type SecretSource } from '../platform/secret';
import { UserError } from '../platform/user-error';
import type { Runner } from './process';

/** Long enough for a person to unlock a password manager. */
const COMMAND_MILLISECONDS = 120_000;

/**
 * Reads a secret where it is kept. Nothing of it is written or printed.
 * @throws {UserError} where it is not there, or empty.
 */
export async function readSecret(
  source: SecretSource,
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
): Promise<Secret> {
  if ('file' in source) return notEmpty(readFile(workspaceRoot, source.file), source.file);
  if ('environment' in source) {
    const value = process.env[source.environment];
    if (!value) throw new UserError(`the variable ${source.environment} is not set`);
    return new Secret(value);
  }
  const [file = '', ...args] = source.command;
  const command = { file, args };
  const outcome = await runner.run(command, { timeout: COMMAND_MILLISECONDS });
  const what = formatCommand(command);
  if (outcome.exitCode !== 0) {
    throw new UserError(
      `"${what}" failed (exit code ${outcome.exitCode}): ${outcome.stderr.trim() || 'it says no more'}`,
    );
  }
  // The end of the line is the program's, not the secret's.
  return notEmpty(Buffer.from(outcome.stdout.replace(/\r?\n$/, '')), `what "${what}" printed`);
}

function readFile(workspaceRoot: string, path: string): Buffer {
  try {
    return readFileSync(resolve(workspaceRoot, path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(
      code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${code ?? message}`,
    );
  }
}

function notEmpty(value: Buffer, what: string): Secret {
  if (value.toString('latin1').trim() === '') throw new UserError(`${what} is empty`);
  return new Secret(value);
}
