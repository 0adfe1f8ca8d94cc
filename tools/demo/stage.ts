import { styleText } from 'node:util';
import { mustEnd, type Child } from '../testing/child.js';

/** Where the demo is shown: headings, commands, the lines of their output that matter, and their time. */
export interface Stage {
  heading: (text: string) => void;
  line: (text: string) => void;
  /**
   * Shows a command, what `keep` makes of each of its lines, and how long it took.
   * @throws {CommandFailed} with all of its output.
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
      // The time follows on the line of the command if nothing came in between.
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
