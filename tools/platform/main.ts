import { parseArgs } from 'node:util';
import { openStage } from '../demo/stage.js';
import { LabError, runProgram, say } from '../program.js';
import { CommandFailed, endAllChildren } from '../testing/child.js';
import { takeDown } from './reference-platform.js';
import { tellStory } from './story.js';

const USAGE = `usage: npm run platform [-- --keep | -- --down]

  --keep   leave the platform running
  --down   only remove it, with its data
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean' },
      down: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  if (values.down) return takeDown();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort();
      endAllChildren('SIGTERM');
    });
  }
  try {
    await tellStory(openStage(interrupted.signal));
  } catch (error) {
    if (interrupted.signal.aborted) throw new LabError('interrupted');
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    if (values.keep)
      say('\nThe platform keeps running. "npm run platform -- --down" removes it, with its data.');
    else {
      say('\nremoving the platform (npm run platform -- --keep leaves it running)');
      await takeDown();
    }
  }
});
