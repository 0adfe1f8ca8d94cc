import type { EngineAddress } from '../docker/command';
import { toEngineError } from '../docker/engine-error';
import type { Outcome } from '../effects/process';
import { UserError } from '../platform/user-error';

const LAST_LINES = 5;

/** The error of a program in a container, in its own words: its "denied" is not that of a registry. */
export function toToolError(what: string, outcome: Outcome, address: EngineAddress): UserError {
  const error = toEngineError(what, outcome, address);
  return error.kind === 'no-engine' ? error : ownWords(what, outcome);
}

/** The same of a program that is known to have run. */
export function ownWords(what: string, { stderr, exitCode }: Outcome): UserError {
  const words = stderr.trim().split('\n').slice(-LAST_LINES).join('\n');
  return new UserError(`${what} (exit code ${exitCode})${words && `: ${words}`}`);
}
