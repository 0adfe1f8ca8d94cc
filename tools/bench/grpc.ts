import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { freePort } from '../testing/free-port.js';
import { bundleService } from './chassis/bundle-service.js';
import { startService } from './chassis/run-service.js';
import { LANES } from './grpc/load.js';
import { onInterrupt } from './interrupt.js';
import { runLoadProgram, type LoadReading } from './lanes.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:grpc [-- options]

  --rounds=5     readings per client, in turns
  --calls=5000   per reading, on 127.0.0.1, after as many that do not count
  --write        put the table into docs/benchmarks.md
`;

/** Who calls whom, by programs in \`grpc/\`. The ratios are to the first one. */
const PAIRS = [
  { name: 'Connect alone', client: 'bare-connect-client', server: 'bare-server' },
  { name: '@grpc/grpc-js alone', client: 'bare-grpc-js-client', server: 'bare-server' },
  { name: 'our client', client: 'chassis-client', server: 'bare-server' },
  { name: 'our client, and our server', client: 'chassis-client', server: 'chassis-server' },
] as const;

type Pair = (typeof PAIRS)[number];
type Program = Pair['client' | 'server'];

interface Reading extends LoadReading {
  /** Microseconds that the server works per call; NaN if the system does not tell. */
  served: number;
}

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      calls: { type: 'string', default: '5000' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, calls] = [Number(values.rounds), Number(values.calls)];
  if (values.help || !(rounds >= 1) || !(calls >= 1)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'bench-grpc-'));
  try {
    const programs = await bundlePrograms(folder);
    const all = PAIRS.map((): Reading[] => []);
    const loads: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // In turns, in reverse order in every second round, so that a machine that slows down slows all of them.
      const order = [...PAIRS.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        interrupted.throwIfAborted();
        loads.push(loadavg()[0]!);
        all[index]!.push(await measure(PAIRS[index]!, programs, calls));
      }
      say(`round ${round + 1} of ${rounds}`);
    }
    const block = [
      `${formatMachine(await readMachine(), rounds)} Load of the machine: ${Math.min(...loads).toFixed(0)} to ${Math.max(...loads).toFixed(0)}.`,
      callsTable(all),
      `${calls.toLocaleString('en')} calls per reading, after as many that do not count, ${LANES} at a time over one connection; client and server share the machine. µs: processor time of each side per call; it depends least on what else runs on the machine.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ grpc: block }, {});
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** As `nx build` bundles them. */
async function bundlePrograms(folder: string): Promise<ReadonlyMap<Program, URL>> {
  const names = new Set(PAIRS.flatMap(({ client, server }): Program[] => [client, server]));
  const programs = new Map<Program, URL>();
  for (const name of names) {
    const source = new URL(`grpc/${name}.ts`, import.meta.url);
    programs.set(name, await bundleService(source, folder));
  }
  return programs;
}

/** With processes of its own, so that no reading finds code that another one has warmed up. */
async function measure(
  { name, client, server }: Pair,
  programs: ReadonlyMap<Program, URL>,
  calls: number,
): Promise<Reading> {
  const port = String(await freePort());
  const service = await startService({
    name: `the server of ${name}`,
    file: programs.get(server)!,
    env: { GRPC_PORT: port },
  });
  try {
    const before = (await service.readWorkMs()) ?? NaN;
    const reading = await runLoadProgram(programs.get(client)!, {
      GRPC_URL: `http://127.0.0.1:${port}`,
      CALLS: String(calls),
      WARM_UP: String(calls),
    });
    const workMs = ((await service.readWorkMs()) ?? NaN) - before;
    // Of the calls that do not count, too.
    return { ...reading, served: (workMs * 1000) / (2 * calls) };
  } finally {
    await service.stop();
  }
}

function callsTable(all: readonly (readonly Reading[])[]): string {
  const series = (index: number, field: keyof Reading) =>
    all[index]!.map((reading) => reading[field]);
  const first = { rate: series(0, 'rate'), work: series(0, 'work'), served: series(0, 'served') };
  const rows = PAIRS.map(({ name }, index) => {
    const compared = (field: keyof typeof first) =>
      formatRatio(index === 0 ? first[field] : series(index, field), first[field]);
    return [
      name,
      Math.round(median(series(index, 'rate'))).toLocaleString('en'),
      compared('rate'),
      median(series(index, 'middle')).toFixed(1),
      median(series(index, 'slowest')).toFixed(1),
      median(series(index, 'work')).toFixed(0),
      compared('work'),
      median(series(index, 'served')).toFixed(0),
      compared('served'),
    ];
  });
  return formatTable(
    ['', 'calls/s', 'ratio', 'median, ms', 'p99, ms', 'client, µs', 'ratio', 'server, µs', 'ratio'],
    rows,
  );
}
