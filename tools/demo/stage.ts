import { styleText } from 'node:util';
import { mustEnd, type Child } from '../testing/child.js';

/** Prints the demo: headings, commands, the important lines of their output, and their times. */
export interface Stage {
  heading: (text: string) => void;
  line: (text: string) => void;
  /**
   * Runs a command, and prints what `keep` makes of each of its lines, and how long it took.
   *
   * @throws {CommandFailed} with all its output.
   */
  show: (
    command: string,
    start: (onLine: (line: string) => void) => Child,
    keep?: (line: string) => string | undefined,
  ) => Promise<void>;
}

const WIDTH = 76;

export function openStage(interrupted: AbortSignal): Stage {
  let headings = 0;
  const line = (text: string) => console.log(text);
  return {
    heading: (text) => line(`\n${styleText('bold', `${++headings}  ${text}`)}`),
    line,
    show: async (command, start, keep = () => undefined) => {
      interrupted.throwIfAborted();
      const started = performance.now();
      // The time goes on the line of the command if no other line was printed.
      let column = `   $ ${command}`.length;
      process.stdout.write(`   ${styleText('cyan', `$ ${command}`)}`);
      const told = (text: string) => {
        if (column > 0) line('');
        column = 0;
        line(`     ${text}`);
      };
      try {
        await mustEnd(
          start((text) => {
            const kept = keep(text);
            if (kept !== undefined) told(kept);
          }),
        );
      } catch (error) {
        line('');
        throw error;
      }
      const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
      line(styleText('dim', seconds.padStart(Math.max(WIDTH - column, seconds.length + 2))));
    },
  };
}
