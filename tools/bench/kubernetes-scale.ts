import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mustRun } from '../command.js';
import { LabError, runProgram, say } from '../program.js';
import { onInterrupt } from './interrupt.js';
import type { ScaleReading } from './kubernetes/measure-scale.js';
import { scaleLine, scaleTable } from './kubernetes/scale-report.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:kubernetes-scale [-- options]

  --sizes=125,250,500,1000   numbers of services
  --rounds=5                 readings per size
  --write                    put the table into docs/benchmarks.md
`;

const ONE = fileURLToPath(new URL('kubernetes/measure-one.ts', import.meta.url));

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '125,250,500,1000' },
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const [rounds, ...sizes] = [values.rounds, ...values.sizes.split(',')].map(Number) as [number];
  if ([rounds, ...sizes].some((value) => !Number.isInteger(value) || value < 1)) {
    throw new LabError(USAGE);
  }
  const interrupted = onInterrupt();
  const load: number[] = [];
  const readings: ScaleReading[][] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [index, size] of sizes.entries()) {
      interrupted.throwIfAborted();
      load.push(loadavg()[0]!);
      // A process of its own, because memory is that of the whole process.
      const json = await mustRun(process.execPath, ['--import', 'tsx', ONE, String(size)]);
      (readings[index] ??= []).push(JSON.parse(json) as ScaleReading);
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  const bounds = [Math.min(...load), Math.max(...load)].map((value) => value.toFixed(0));
  const block = [
    `${formatMachine(await readMachine(), rounds)} Load of the machine: ${[...new Set(bounds)].join(' to ')}.`,
    scaleTable(readings),
    scaleLine(readings),
  ].join('\n\n');
  console.log(`\n${block}`);
  if (values.write) await writeDocument({ 'kubernetes-scale': block }, {});
});
