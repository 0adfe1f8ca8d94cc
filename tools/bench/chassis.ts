import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { LabError, runProgram, say } from '../program.js';
import { startService, type Contender } from './chassis/run-service.js';
import { WORK_PATH } from './chassis/work-routes.js';
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

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 2;

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
  const all = new Map(CONTENDERS.map(({ name }) => [name, { rate: [], slowest: [], ready: [] }]));
  for (let round = 0; round < rounds; round++) {
    // In turns, and every other round the other way about: a machine that slows down slows all.
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
    for (const contender of order) {
      interrupted.throwIfAborted();
      await measure(contender, seconds, all.get(contender.name)!);
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

async function measure(contender: Contender, seconds: number, readings: Readings): Promise<void> {
  const service = await startService(contender);
  try {
    const url = service.url + WORK_PATH;
    await autocannon({ url, connections: CONNECTIONS, duration: WARM_UP_SECONDS });
    const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds });
    if (result.non2xx > 0 || result.errors > 0) {
      throw new LabError(
        `${contender.name}: ${result.non2xx} answers were not 200, ${result.errors} did not come`,
      );
    }
    readings.rate.push(result.requests.average);
    readings.slowest.push(result.latency.p99);
    readings.ready.push(service.readyMs);
  } finally {
    await service.stop();
  }
}

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
