import { formatCommand, type Command } from '../docker/command';
import type { Outcome, Runner } from '../effects/process';

/** What a command is answered with; `undefined` means: it succeeds and prints nothing. */
export type Answer = (line: string, command: Command) => Partial<Outcome> | undefined;

export interface RecordingRunner extends Runner {
  /** Every command in the order in which it was run, as a person would type it. */
  readonly lines: string[];
  readonly commands: Command[];
}

/** Runs nothing, records every command and gives prepared answers. */
export function recordingRunner(answer: Answer = () => undefined): RecordingRunner {
  const commands: Command[] = [];
  const lines: string[] = [];
  return {
    commands,
    lines,
    run: async (command) => {
      const line = formatCommand(command);
      commands.push(command);
      lines.push(line);
      await Promise.resolve();
      return { exitCode: 0, stdout: '', stderr: '', ...answer(line, command) };
    },
  };
}

/** The answer of a command that failed. */
export function failure(stderr: string, exitCode = 1): Partial<Outcome> {
  return { exitCode, stderr };
}
