import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UserError } from '../platform/user-error';

/** The environment of a command that names none. */
export const DEFAULT_ENVIRONMENT = 'development';

/** `-e production`, which every command accepts. */
export const ENVIRONMENT_OPTION = {
  environment: { type: 'string', short: 'e', default: DEFAULT_ENVIRONMENT },
} as const;

/** `--break-lock`, of commands that take the lock of deploys. */
export const BREAK_LOCK_OPTION = { 'break-lock': { type: 'boolean', default: false } } as const;

/** Reads a command's arguments. @throws {UserError} with its usage if they are not understood. */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
  usage: string,
  { words = false } = {},
) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: words,
      strict: true,
    });
    return { values, words: positionals };
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
    throw new UserError(`${(error as Error).message}\n\n${usage}`);
  }
}
