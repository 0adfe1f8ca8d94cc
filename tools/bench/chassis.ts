import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { CONNECTIONS, measureLoad, WARM_UP_SECONDS } from './chassis/measure-load.js';
import type { Contender } from './chassis/run-service.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:chassis [-- options]

  --rounds=5      readings per contender
  --seconds=5     of load per reading, on 127.0.0.1
  --write         put the table into docs/benchmarks.md
`;

const bare = new URL('chassis/bare-service.ts', import.meta.url);
const chassis = new URL('chassis/chassis-service.ts', import.meta.url);

const CONTENDERS: readonly Contender[] = [
  { name: 'Fastify alone', file: bare, env: {} },
  { name: 'on the chassis', file: chassis, env: {} },
  { name: 'on the chassis, metrics on', file: chassis, env: { METRICS: 'on' } },
];

interface Readings {
  /** Requests answered per second. */
  rate: number[];
  /** Milliseconds: the 99th percentile of a reading. */
  slowest: number[];
  /** Milliseconds from the start of the process to the first 200 of /ready. */
  ready: number[];
}

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (values.help || !(rounds >= 1) || !(seconds >= 1)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const all = new Map(
    CONTENDERS.map(({ name }): [string, Readings] => [name, { rate: [], slowest: [], ready: [] }]),
  );
  for (let round = 0; round < rounds; round++) {
    // In turns, and every other round the other way about: a machine that slows down slows all.
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
    for (const contender of order) {
      interrupted.throwIfAborted();
      const { rate, slowest, ready } = await measureLoad(contender, seconds);
      const readings = all.get(contender.name)!;
      readings.rate.push(rate);
      readings.slowest.push(slowest);
      readings.ready.push(ready);
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  const block = [
    formatMachine(await readMachine(), rounds),
    formatTable(all),
    `${CONNECTIONS} connections for ${seconds} s per reading, after ${WARM_UP_SECONDS} s that do not count; the load comes from the same machine.`,
  ].join('\n\n');
  console.log(`\n${block}`);
  if (values.write) await writeDocument({ chassis: block }, {});
});

function formatTable(all: ReadonlyMap<string, Readings>): string {
  const [bare] = all.values();
  const rows = [...all].map(([name, { rate, slowest, ready }]) => {
    return [
      name,
      Math.round(median(rate)).toLocaleString('en'),
      formatRatio(rate, bare!.rate),
      median(slowest).toFixed(1),
      median(ready).toFixed(0),
      formatRatio(ready, bare!.ready),
    ];
  });
  const head = ['', 'requests/s', 'ratio', 'p99, ms', 'start to ready, ms', 'ratio'];
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
