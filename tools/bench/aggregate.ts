import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { startService } from './chassis/run-service.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:aggregate [-- options]

  --rounds=5      readings per way, in turns
  --requests=50   per reading, one after another, on 127.0.0.1
  --delay=20      milliseconds that each of the three services takes
  --write         put the table into docs/benchmarks.md
`;

/** What a page needs, by the three ways to get it through one gateway. */
const SERVICES = ['users', 'orders', 'payments'] as const;
const NAMES = ['three calls, one after another', 'three calls at once', 'one aggregate'];

const gateway = new URL('gateway/aggregate-gateway.ts', import.meta.url);
const provider = new URL('gateway/slow-service.ts', import.meta.url);

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      requests: { type: 'string', default: '50' },
      delay: { type: 'string', default: '20' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, requests, delay] = [values.rounds, values.requests, values.delay].map(Number);
  if (values.help || !(rounds! >= 1) || !(requests! >= 1) || !(delay! >= 0)) {
    throw new LabError(USAGE);
  }
  const interrupted = onInterrupt();
  const running: { stop: () => Promise<void> }[] = [];
  try {
    const urls: Record<string, string> = {};
    for (const name of SERVICES) {
      const service = await startService({ name, file: provider, env: { DELAY_MS: values.delay } });
      running.push(service);
      urls[`${name.toUpperCase()}_URL`] = service.url;
    }
    const front = await startService({ name: 'the gateway', file: gateway, env: urls });
    running.push(front);
    const ways = waysThrough(front.url);
    const all = ways.map((): number[] => []);
    for (const way of ways) await read(way, 10, interrupted);
    for (let round = 0; round < rounds!; round++) {
      const order = [...ways.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        all[index]!.push(await read(ways[index]!, requests!, interrupted));
      }
      say(`round ${round + 1} of ${rounds}`);
    }
    const block = [
      formatMachine(await readMachine(), rounds!),
      waysTable(all),
      `${requests} times per reading, one after another, with kept connections; each of the three services answers after ${delay} ms. Caller, gateway and services share the machine.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ aggregate: block }, {});
  } finally {
    for (const service of running.toReversed()) await service.stop();
  }
});

type Way = () => Promise<void>;

function waysThrough(url: string): Way[] {
  const get = async (path: string) => {
    const answer = await fetch(url + path);
    const text = await answer.text();
    if (answer.status !== 200) throw new LabError(`${path} answered ${answer.status}: ${text}`);
    return text;
  };
  return [
    async () => {
      for (const name of SERVICES) await get(`/api/${name}`);
    },
    async () => void (await Promise.all(SERVICES.map((name) => get(`/api/${name}`)))),
    async () => {
      const { data, errors } = JSON.parse(await get('/api/me')) as { data: object; errors: object };
      const isWhole = Object.keys(data).length === SERVICES.length;
      if (!isWhole || Object.keys(errors).length > 0) throw new LabError('a part is missing');
    },
  ];
}

/** The median of a reading, in milliseconds. */
async function read(way: Way, requests: number, interrupted: AbortSignal): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < requests; count++) {
    interrupted.throwIfAborted();
    const started = performance.now();
    await way();
    times.push(performance.now() - started);
  }
  return median(times);
}

function waysTable(all: readonly number[][]): string {
  const rows = all.map((times, index) => [
    NAMES[index]!,
    median(times).toFixed(1),
    formatRatio(times, all[0]!),
  ]);
  return formatTable(['', 'median, ms', 'to one after another'], rows);
}
