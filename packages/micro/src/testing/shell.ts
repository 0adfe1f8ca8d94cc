import type { Command, Shell } from '../commands/shell';
import { plain } from '../commands/shell';
import { systemClock } from '../effects/clock';
import { engineRunner } from '../effects/engine-runner';

/** What a command said, and the exit code that it ended with. */
export interface CommandTold {
  exitCode: number;
  output: string;
}

/** Runs a subcommand of `npx micro` in a workspace, as a person would type it. */
export async function runCommand(
  command: Command,
  workspaceRoot: string,
  line: string,
  more: Partial<Shell> = {},
): Promise<CommandTold> {
  const lines: string[] = [];
  const exitCode = await command(line.split(' ').filter(Boolean), {
    workspaceRoot,
    runner: engineRunner(workspaceRoot),
    clock: systemClock,
    signal: new AbortController().signal,
    say: (text) => lines.push(text),
    paint: plain,
    ...more,
  });
  return { exitCode, output: lines.join('\n') };
}
