import { parseArgs } from 'node:util';
import { openStage } from '../demo/stage.js';
import { LabError, runProgram, say } from '../program.js';
import { CommandFailed, endAllChildren } from '../testing/child.js';
import { takeDownFromCluster } from './cluster-platform.js';
import { tellClusterStory } from './cluster-story.js';
import { takeDown } from './reference-platform.js';
import { tellStory } from './story.js';

const USAGE = `usage: npm run platform [-- --engine=kubernetes] [-- --keep | -- --down]

  --engine   compose (the default), or kubernetes: the cluster of "npm run cluster", which is started if it does not run
  --keep     leave the platform running
  --down     only remove it, with its data
`;

const ENGINES = {
  compose: { tell: tellStory, takeDown },
  kubernetes: { tell: tellClusterStory, takeDown: takeDownFromCluster },
};

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'compose' },
      keep: { type: 'boolean' },
      down: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const { engine } = values;
  if (engine !== 'compose' && engine !== 'kubernetes') {
    throw new LabError(`"${engine}" is not an engine: use "compose" or "kubernetes".`);
  }
  const platform = ENGINES[engine];
  if (values.down) return platform.takeDown();
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort();
      endAllChildren('SIGTERM');
    });
  }
  try {
    await platform.tell(openStage(interrupted.signal));
  } catch (error) {
    if (interrupted.signal.aborted) throw new LabError('interrupted');
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    const command = `npm run platform --${engine === 'compose' ? '' : ` --engine=${engine}`}`;
    if (values.keep)
      say(`\nThe platform keeps running. "${command} --down" removes it, with its data.`);
    else {
      say(`\nremoving the platform (${command} --keep leaves it running)`);
      await platform.takeDown();
    }
  }
});
