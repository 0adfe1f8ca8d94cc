import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { CommandFailed } from '../testing/child.js';
import { measureSize } from './growth/measure-size.js';
import { multiply } from './growth/multiplied-workspace.js';
import { growthPicture } from './growth/picture.js';
import { growthLines, growthTable, type GrowthResults } from './growth/report.js';
import { createSample } from './growth/sample-workspace.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { loadResults, saveResults } from './results.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:growth [-- options]

  --sizes=10,100,1000   numbers of services
  --rounds=5            readings per size
  --write               put the table and the plot into docs/
  --render              table and plot of the last run, without measuring
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '10,100,1000' },
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const [rounds, ...sizes] = [values.rounds, ...values.sizes.split(',')].map(Number) as [number];
  if ([rounds, ...sizes].some((value) => !Number.isInteger(value) || value < 1)) {
    throw new LabError(USAGE);
  }
  const results = values.render
    ? await loadResults<GrowthResults>('growth')
    : await measureGrowth(sizes, rounds);
  const block = [
    formatMachine(results.machine, results.rounds),
    growthTable(results),
    growthLines(results),
  ].join('\n\n');
  console.log(`\n${block}`);
  if (values.write)
    await writeDocument({ growth: block }, { 'growth.svg': growthPicture(results) });
});

async function measureGrowth(sizes: readonly number[], rounds: number): Promise<GrowthResults> {
  const interrupted = onInterrupt();
  const results: GrowthResults = { machine: await readMachine(), rounds, sizes: [] };
  try {
    say('an installed workspace with one service ...');
    const sample = await createSample();
    try {
      for (const services of sizes) {
        say(`${services} services ...`);
        const workspace = await multiply(sample, services);
        try {
          const readings = await measureSize(workspace, rounds, interrupted);
          results.sizes.push({ services, readings });
        } finally {
          await workspace.remove();
        }
        say(`saved to ${await saveResults('growth', results)}`);
      }
    } finally {
      await sample.remove();
    }
    return results;
  } catch (error) {
    interrupted.throwIfAborted();
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  }
}
