import { parseArgs } from 'node:util';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { LabError, runProgram, say } from '../program.js';
import { CONNECTIONS, measureLoad, WARM_UP_SECONDS } from './chassis/measure-load.js';
import { startService, type Contender } from './chassis/run-service.js';
import { issueToken } from './gateway/issue-token.js';
import { startEdge } from './gateway/start-edge.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:gateway [-- options]

  --rounds=5      readings per contender
  --seconds=5     of load per reading, on 127.0.0.1
  --write         put the table into docs/benchmarks.md
`;

/** More than any machine can serve in a window, so that callers are counted but never refused. */
const LIMIT = '1000000000';

const bare = new URL('gateway/bare-gateway.ts', import.meta.url);
const ours = new URL('gateway/chassis-gateway.ts', import.meta.url);
const provider = new URL('chassis/bare-service.ts', import.meta.url);

/** The first is compared with the second; the others add features to the second. */
const NAMES = [
  '@fastify/http-proxy alone',
  'gateway',
  'gateway, JWT seen before',
  'gateway, JWT verified each time',
  'gateway, rate limit',
  'gateway behind the edge',
];
/** The one that is reached through the edge. */
const BEHIND_EDGE = 5;

interface Readings {
  /** Requests answered per second. */
  rate: number[];
  /** Milliseconds: the median and the 99th percentile of a reading. */
  middle: number[];
  slowest: number[];
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
  await ensureCaddyImage();
  const { publicKey, headers } = await issueToken();
  const orders = await startService({ name: 'the provider', file: provider, env: {} });
  try {
    const PROVIDER_URL = orders.url;
    const contenders: Contender[] = [
      { file: bare, env: { PROVIDER_URL } },
      { file: ours, env: { PROVIDER_URL } },
      { file: ours, env: { PROVIDER_URL, PUBLIC_KEY: publicKey } },
      // The cost of the first request with a token.
      { file: ours, env: { PROVIDER_URL, PUBLIC_KEY: publicKey, REMEMBERED_TOKENS: '0' } },
      { file: ours, env: { PROVIDER_URL, RATE_LIMIT: LIMIT } },
      { file: ours, env: { PROVIDER_URL } },
    ].map((one, index) => ({ name: NAMES[index]!, ...one }));
    const all = contenders.map((): Readings => ({ rate: [], middle: [], slowest: [] }));
    for (let round = 0; round < rounds; round++) {
      // In turns, in reverse order in every second round, so that a machine that slows down slows all contenders.
      const order = [...contenders.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        interrupted.throwIfAborted();
        const front = index === BEHIND_EDGE ? startEdge : undefined;
        const load = await measureLoad(contenders[index]!, seconds, headers, front);
        all[index]!.rate.push(load.rate);
        all[index]!.middle.push(load.middle);
        all[index]!.slowest.push(load.slowest);
      }
      say(`round ${round + 1} of ${rounds}`);
    }
    const block = [
      formatMachine(await readMachine(), rounds),
      loadTable(all),
      `${CONNECTIONS} connections for ${seconds} s per reading, after ${WARM_UP_SECONDS} s that do not count; load, gateway and provider share the machine. Rate limits are counted in the process. The edge is in the machine's own network.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ gateway: block }, {});
  } finally {
    await orders.stop();
  }
});

function loadTable(all: readonly Readings[]): string {
  const rows = all.map(({ rate, middle, slowest }, index) => [
    NAMES[index]!,
    Math.round(median(rate)).toLocaleString('en'),
    formatRatio(rate, all[0]!.rate),
    index === 0 ? '' : formatRatio(rate, all[1]!.rate),
    median(middle).toFixed(1),
    median(slowest).toFixed(1),
  ]);
  const head = ['', 'requests/s', 'to the proxy alone', 'to the gateway', 'median, ms', 'p99, ms'];
  return formatTable(head, rows);
}
