import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startContainer } from '../../packages/chassis/src/testing/container.js';
import { LabError, runProgram, say } from '../program.js';
import { bundleService } from './chassis/bundle-service.js';
import { BROKERS, type BenchedBroker } from './events/broker-servers.js';
import { LANES, PREFETCH } from './events/load.js';
import { onInterrupt } from './interrupt.js';
import { runLoadProgram, type LoadReading } from './lanes.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:events [-- options]

  --rounds=5         readings per broker and client, in turns
  --events=6000      per reading, on 127.0.0.1, after as many that do not count
  --only=NATS        this broker alone, of ${BROKERS.map(({ title }) => title).join(', ')}
  --write            put the table into docs/benchmarks.md (only from a whole run)
`;

const chassis = new URL('events/chassis-events.ts', import.meta.url);

type Readings = Record<'bare' | 'ours', LoadReading[]>;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      events: { type: 'string', default: '6000' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, events] = [Number(values.rounds), Number(values.events)];
  const brokers = BROKERS.filter(({ title }) => (values.only ?? title) === title);
  const isUsable = rounds >= 1 && events >= 1 && brokers.length > 0;
  if (values.help || !isUsable || (values.write && values.only)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'bench-events-'));
  try {
    const all = new Map<BenchedBroker, Readings>();
    for (const broker of brokers) {
      all.set(broker, await measure(broker, folder, rounds, events, interrupted));
    }
    const block = [
      formatMachine(await readMachine(), rounds),
      eventsTable(all),
      [
        `${events.toLocaleString('en')} events per reading, after as many that do not count; ${LANES} on their way at a time, each published when the one before it was confirmed and handled; ${PREFETCH} handled at a time.`,
        'p99: from the call of `publish` to the handler. µs: processor time of the program per event, which publishes and handles; the ratio of it depends least on what else runs on the machine.',
        'What is confirmed is on the disk. Program and server share the machine.',
      ].join('\n'),
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ events: block }, {});
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** On one server, in turns, in reverse order in every second round. */
async function measure(
  broker: BenchedBroker,
  folder: string,
  rounds: number,
  events: number,
  interrupted: AbortSignal,
): Promise<Readings> {
  const programs = {
    bare: await bundleService(broker.bare, folder),
    ours: await bundleService(chassis, folder),
  };
  const readings: Readings = { bare: [], ours: [] };
  const server = await startContainer(broker.container);
  try {
    const url = broker.url(server.port);
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0
        ? (['bare', 'ours'] as const)
        : (['ours', 'bare'] as const)) {
        interrupted.throwIfAborted();
        readings[name].push(await load(programs[name], url, events));
      }
      say(`${broker.title}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    await server.remove();
  }
  return readings;
}

function load(program: URL, url: string, events: number): Promise<LoadReading> {
  return runLoadProgram(program, {
    BROKER_URL: url,
    EVENTS: String(events),
    WARM_UP: String(events),
  });
}

function eventsTable(all: ReadonlyMap<BenchedBroker, Readings>): string {
  const rows = [...all].flatMap(([{ title, client }, { bare, ours }]) => {
    const row = (name: string, own: readonly LoadReading[]) => {
      const series = (readings: readonly LoadReading[], field: keyof LoadReading) =>
        readings.map((reading) => reading[field]);
      const compared = (field: keyof LoadReading) =>
        own === bare ? '1' : formatRatio(series(own, field), series(bare, field));
      return [
        `${title}, ${name}`,
        Math.round(median(series(own, 'rate'))).toLocaleString('en'),
        compared('rate'),
        median(series(own, 'middle')).toFixed(1),
        median(series(own, 'slowest')).toFixed(1),
        compared('slowest'),
        median(series(own, 'work')).toFixed(0),
        compared('work'),
      ];
    };
    return [row(`${client} alone`, bare), row('on the chassis', ours)];
  });
  return formatTable(
    ['', 'events/s', 'ratio', 'median, ms', 'p99, ms', 'ratio', 'µs', 'ratio'],
    rows,
  );
}
