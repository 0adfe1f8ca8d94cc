import type { Logger } from 'pino';
import type * as z from 'zod';
import { createLogger } from '../telemetry/logger.js';
import { commandVariables, readVariables } from './config.js';

/** A short run beside the service, such as a migration of its database. Created by {@link command}. */
export interface Command {
  variables: z.ZodRawShape;
  run: (config: never, log: Logger) => Promise<unknown>;
}

/** The requested command does not exist. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * A short run with the variables that it needs. The service's own variables need not be set.
 *
 * @param run if it rejects, the process ends with 1.
 */
export function command<S extends z.ZodRawShape>(
  variables: S,
  run: (config: z.output<z.ZodObject<S>>, log: Logger) => Promise<unknown>,
): Command {
  return { variables, run };
}

/**
 * Runs one of a service's commands with the variables of this process.
 *
 * @throws {CommandError} if the command does not exist.
 * @throws {ConfigError} with all problems of its variables.
 */
export async function runCommand(
  service: string,
  name: string,
  commands: Readonly<Record<string, Command>>,
): Promise<void> {
  if (!Object.hasOwn(commands, name)) {
    const known = Object.keys(commands).join(', ') || 'none';
    throw new CommandError(`"${name}" is not a command of ${service}; it has: ${known}`);
  }
  const { variables, run } = commands[name]!;
  const config = readVariables(service, { ...commandVariables, ...variables }, process.env);
  const log = createLogger(service, config);
  const started = performance.now();
  const result = await run(config as never, log);
  const durationMs = Math.round(performance.now() - started);
  log.info({ command: name, durationMs, result }, `${name} done`);
}
