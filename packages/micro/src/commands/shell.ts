import type { Clock } from '../effects/clock';
import { fileReader } from '../effects/files';
import type { Runner } from '../effects/process';
import { findServiceProjects } from '../effects/workspace-projects';
import type { Platform } from '../platform/platform';
import { readPlatform } from '../platform/workspace';

/** What a subcommand of `npx micro` gets of the world. */
export interface Shell {
  workspaceRoot: string;
  runner: Runner;
  clock: Clock;
  /** Ended by Ctrl-C. */
  signal: AbortSignal;
  /** Whether a person reads what is printed. */
  isTerminal?: boolean;
  /** Prints one line, without the end of it. */
  say: (line: string) => void;
  /** Shows a line until the next one is printed or shown; only on a terminal. */
  show?: (line: string) => void;
  paint: Paint;
}

/** A subcommand; it answers with the exit code. */
export type Command = (args: readonly string[], shell: Shell) => Promise<number>;

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Colours a text if the output shows colours. */
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_, text) => text;

/** Every service of the workspace, found without Nx: the project graph takes seconds. */
export function readWorkspacePlatform(workspaceRoot: string): Platform {
  const read = fileReader(workspaceRoot);
  return readPlatform(findServiceProjects(workspaceRoot, read), read);
}
