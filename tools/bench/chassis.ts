import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { bundleService } from './chassis/bundle-service.js';
import { CONNECTIONS, FEW_REQUESTS, measureLoad, WARM_UP_SECONDS } from './chassis/measure-load.js';
import type { Contender } from './chassis/run-service.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:chassis [-- options]

  --rounds=5      readings per contender
  --seconds=5     of load per reading, on 127.0.0.1
  --write         put the table into docs/benchmarks.md
`;

const bare = new URL('chassis/bare-service.ts', import.meta.url);
const chassis = new URL('chassis/chassis-service.ts', import.meta.url);

async function openContenders(folder: string): Promise<Contender[]> {
  const [alone, ours] = await Promise.all([
    bundleService(bare, folder),
    bundleService(chassis, folder),
  ]);
  return [
    { name: 'Fastify alone', file: alone, env: {} },
    { name: 'on the chassis', file: ours, env: {} },
    { name: 'on the chassis, metrics on', file: ours, env: { METRICS: 'on' } },
  ];
}

interface Readings {
  /** Requests answered per second. */
  rate: number[];
  /** Milliseconds: the 99th percentile of a reading. */
  slowest: number[];
  /** Milliseconds from the start of the process to the first 200 of /ready. */
  ready: number[];
  /** MB at rest after some requests. */
  memory: number[];
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
  const folder = await mkdtemp(join(tmpdir(), 'bench-chassis-'));
  try {
    const contenders = await openContenders(folder);
    const block = await measureAll(contenders, rounds, seconds, interrupted);
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ chassis: block }, {});
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function measureAll(
  contenders: readonly Contender[],
  rounds: number,
  seconds: number,
  interrupted: AbortSignal,
): Promise<string> {
  const all = new Map(
    contenders.map(({ name }): [string, Readings] => [
      name,
      { rate: [], slowest: [], ready: [], memory: [] },
    ]),
  );
  for (let round = 0; round < rounds; round++) {
    // In turns, in reverse order in every second round, so that a machine that slows down slows all contenders.
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      interrupted.throwIfAborted();
      const { rate, slowest, ready, memory } = await measureLoad(contender, seconds);
      const readings = all.get(contender.name)!;
      readings.rate.push(rate);
      readings.slowest.push(slowest);
      readings.ready.push(ready);
      readings.memory.push(memory);
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  return [
    formatMachine(await readMachine(), rounds),
    loadTable(all),
    `All are bundled as nx build bundles a service. ${CONNECTIONS} connections for ${seconds} s per reading, after ${WARM_UP_SECONDS} s that do not count; the load comes from the same machine. Memory is what the process takes at rest after its first ${FEW_REQUESTS.toLocaleString('en')} requests.`,
  ].join('\n\n');
}

function loadTable(all: ReadonlyMap<string, Readings>): string {
  const [bare] = all.values();
  const rows = [...all].map(([name, { rate, slowest, ready, memory }]) => {
    return [
      name,
      Math.round(median(rate)).toLocaleString('en'),
      formatRatio(rate, bare!.rate),
      median(slowest).toFixed(1),
      median(ready).toFixed(0),
      formatRatio(ready, bare!.ready),
      median(memory).toFixed(0),
      formatRatio(memory, bare!.memory),
    ];
  });
  const head = [
    ...['', 'requests/s', 'ratio', 'p99, ms'],
    ...['start to ready, ms', 'ratio', 'memory, MB', 'ratio'],
  ];
  return formatTable(head, rows);
}
