import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatCommand } from '../docker/command';
import { Secret, type SecretSource } from '../platform/secret';
import { UserError } from '../platform/user-error';
import type { Runner } from './process';

/** In milliseconds: long enough for a person to unlock a password manager. */
const COMMAND_MILLISECONDS = 120_000;

/**
 * Reads a secret from its source. It is never written or printed.
 *
 * @throws {UserError} if it does not exist, or is empty.
 */
export async function readSecret(
  source: SecretSource,
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
): Promise<Secret> {
  if ('file' in source) {
    await requireUntracked(source.file, runner);
    return notEmpty(readWorkspaceFile(workspaceRoot, source.file), source.file);
  }
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
      `"${what}" failed (exit code ${outcome.exitCode}): ${outcome.stderr.trim() || 'it printed no reason'}`,
    );
  }
  // The final line break is not part of the secret.
  return notEmpty(Buffer.from(outcome.stdout.replace(/\r?\n$/, '')), `what "${what}" printed`);
}

/** A secret in git would be visible to everyone with access to the repository, in every later commit. */
async function requireUntracked(path: string, runner: Runner): Promise<void> {
  // Without git, or outside of the repository, the file cannot be in git.
  const args = ['--literal-pathspecs', 'ls-files', '--', path];
  const { exitCode, stdout } = await runner
    .run({ file: 'git', args })
    .catch(() => ({ exitCode: 1, stdout: '' }));
  if (exitCode !== 0 || stdout.trim() === '') return;
  throw new UserError(
    `${path} is in git, but a secret must not be: run "git rm --cached ${path}", add it to .gitignore, and change the value`,
  );
}

/** @throws {UserError} if the file does not exist, or cannot be read. */
export function readWorkspaceFile(workspaceRoot: string, path: string): Buffer {
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
