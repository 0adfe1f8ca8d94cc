import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { bundleService } from './chassis/bundle-service.js';
import { CONNECTIONS } from './chassis/measure-load.js';
import { startService, type Contender } from './chassis/run-service.js';
import { issueToken } from './gateway/issue-token.js';
import { measureQueries, type Query, type QueryReading } from './graphql/measure-queries.js';
import { ANSWER, composeShop, QUERY } from './graphql/shop.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:graphql [-- options]

  --rounds=5      readings per contender
  --queries=3000  per reading, on 127.0.0.1, after as many that do not count
  --write         put the table into docs/benchmarks.md
`;

const bare = new URL('graphql/bare-gateway.ts', import.meta.url);
const ours = new URL('graphql/chassis-gateway.ts', import.meta.url);
const subgraph = new URL('graphql/ready-subgraph.ts', import.meta.url);

type Readings = Record<keyof QueryReading, number[]>;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      queries: { type: 'string', default: '3000' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, queries] = [Number(values.rounds), Number(values.queries)];
  if (values.help || !(rounds >= 1) || !(queries >= 1)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'bench-graphql-'));
  const running: { stop: () => Promise<void> }[] = [];
  try {
    const file = await bundleService(subgraph, folder);
    const urls = { catalog: '', reviews: '' };
    for (const name of ['catalog', 'reviews'] as const) {
      const service = await startService({ name, file, env: {} });
      running.push(service);
      urls[name] = service.url;
    }
    const { publicKey, headers } = await issueToken();
    const query: Query = {
      method: 'POST',
      path: '/graphql',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY }),
      expectBody: JSON.stringify(ANSWER),
    };
    const contenders = await openContenders(folder, urls, publicKey);
    for (const contender of contenders) await checkAnswer(contender, query);
    const all = contenders.map((): Readings => ({ rate: [], slowest: [], work: [] }));
    const loads: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // In turns, in reverse order in every second round, so that a machine that slows down slows all contenders.
      const order = [...contenders.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        interrupted.throwIfAborted();
        loads.push(loadavg()[0]!);
        const reading = await measureQueries(contenders[index]!, query, queries, () =>
          readAsked(urls),
        );
        for (const of of ['rate', 'slowest', 'work'] as const) all[index]![of].push(reading[of]);
      }
      say(`round ${round + 1} of ${rounds}`);
    }
    const block = [
      `${formatMachine(await readMachine(), rounds)} Load of the machine: ${Math.min(...loads).toFixed(0)} to ${Math.max(...loads).toFixed(0)}.`,
      loadTable(contenders, all),
      `${queries.toLocaleString('en')} queries per reading by ${CONNECTIONS} connections, after as many that do not count; load, gateway and both subgraphs share the machine. µs: processor time of the gateway per query; it depends least on what else runs on the machine.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ graphql: block }, {});
  } finally {
    for (const service of running.toReversed()) await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** How often the subgraphs were asked so far. */
async function readAsked(urls: Readonly<Record<string, string>>): Promise<number> {
  const counts = Object.values(urls).map(async (url) => (await fetch(`${url}/asked`)).json());
  return (await Promise.all(counts)).reduce<number>((sum, count) => sum + Number(count), 0);
}

/** As `nx build` bundles them. */
async function openContenders(
  folder: string,
  urls: { catalog: string; reviews: string },
  publicKey: string,
): Promise<Contender[]> {
  const [alone, gateway] = [await bundleService(bare, folder), await bundleService(ours, folder)];
  const SUPERGRAPH = composeShop(urls);
  const env = { SUPERGRAPH, CATALOG_URL: urls.catalog, REVIEWS_URL: urls.reviews };
  return [
    { name: 'the library alone', file: alone, env },
    {
      name: 'the library alone, queries read once',
      file: alone,
      env: { ...env, KEEP_DOCUMENTS: 'on' },
    },
    { name: 'gateway', file: gateway, env },
    { name: 'gateway, JWT', file: gateway, env: { ...env, PUBLIC_KEY: publicKey } },
  ];
}

/** Of all contenders, because a wrong answer may be a fast one. */
async function checkAnswer(
  contender: Contender,
  { path, method, headers, body }: Query,
): Promise<void> {
  const service = await startService(contender);
  try {
    const answer = await fetch(service.url + path, { method, headers, body });
    deepStrictEqual(await answer.json(), ANSWER);
  } finally {
    await service.stop();
  }
}

function loadTable(contenders: readonly Contender[], all: readonly Readings[]): string {
  const rows = all.map(({ rate, slowest, work }, index) => [
    contenders[index]!.name,
    Math.round(median(rate)).toLocaleString('en'),
    formatRatio(rate, all[0]!.rate),
    index === 0 ? '' : formatRatio(rate, all[1]!.rate),
    median(slowest).toFixed(0),
    median(work).toFixed(0),
    formatRatio(work, all[0]!.work),
    index === 0 ? '' : formatRatio(work, all[1]!.work),
  ]);
  const compared = ['to the first', 'to the second'];
  const head = ['', 'queries/s', ...compared, 'p99, ms', 'µs', ...compared];
  return formatTable(head, rows);
}
