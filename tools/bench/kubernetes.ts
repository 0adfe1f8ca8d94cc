import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { findCluster } from '../cluster/cluster.js';
import { LabError, runProgram, say } from '../program.js';
import { CommandFailed } from '../testing/child.js';
import { onInterrupt } from './interrupt.js';
import { ensureHelm, HELM_VERSION } from './kubernetes-deploy/ensure-helm.js';
import { ENVIRONMENTS } from './kubernetes-deploy/environments.js';
import { measure, type Reading } from './kubernetes-deploy/measure.js';
import { CHANGED, SERVICES } from './kubernetes-deploy/platform.js';
import { formatRollouts } from './kubernetes-deploy/report.js';
import { openSite, type Site } from './kubernetes-deploy/site.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { saveResults } from './results.js';
import { writeDocument } from './write-document.js';

const WORKS = [
  { id: 'version', title: `a new version of one of ${SERVICES.length} services` },
  { id: 'nothing', title: 'nothing changed' },
];

const USAGE = `usage: npm run bench:kubernetes [-- options]

  --rounds=5        readings per rollout
  --contenders=A,B  only some ways to roll out beside helm: ${ENVIRONMENTS.slice(1).join(', ')}
  --write           put the table into docs/benchmarks.md

It needs the cluster of "npm run cluster", or one that MICRO_TEST_KUBECONFIG names.
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      contenders: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds);
  const wanted = values.contenders?.split(',');
  const isUnknown = wanted?.some((id) => !ENVIRONMENTS.some((known) => known === id));
  if (values.help || isUnknown || !Number.isInteger(rounds) || rounds < 1) {
    throw new LabError(USAGE);
  }
  if (values.write && wanted) throw new LabError('--write needs all contenders');
  const cluster = await findCluster();
  if (!cluster) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const machine = await readMachine();
  const site = await openSite(cluster, await ensureHelm(), wanted);
  try {
    await site.setUp();
    const load: number[] = [];
    const readings: Record<string, Reading[][]> = {};
    for (let round = 0; round < rounds; round++) {
      for (const { id } of WORKS) {
        readings[id] ??= site.contenders.map(() => []);
        await measureAll(site, { work: id, round, readings: readings[id], load, interrupted });
      }
      say(`round ${round + 1} of ${rounds}, saved to ${await saveResults('kubernetes', readings)}`);
    }
    const titles = site.contenders.map(({ title }) => title);
    const bounds = [Math.min(...load), Math.max(...load)].map((value) => value.toFixed(0));
    const block = [
      `${formatMachine(machine, rounds)} Kubernetes ${site.version}, Helm ${HELM_VERSION}. Load of the machine before each rollout: ${[...new Set(bounds)].join(' to ')}.`,
      formatRollouts(WORKS, titles, readings, CHANGED),
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ kubernetes: block }, {});
  } catch (error) {
    interrupted.throwIfAborted();
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    say('removing the platform ...');
    await site.remove();
  }
});

/** All contenders in turns, in reverse order in every second round. */
async function measureAll(
  site: Site,
  {
    work,
    round,
    readings,
    load,
    interrupted,
  }: {
    work: string;
    round: number;
    readings: Reading[][];
    load: number[];
    interrupted: AbortSignal;
  },
): Promise<void> {
  if (work === 'version') await site.change(`v${randomBytes(4).toString('hex')}`);
  const order = [...site.contenders.keys()];
  for (const index of round % 2 === 0 ? order : order.toReversed()) {
    interrupted.throwIfAborted();
    const contender = site.contenders[index]!;
    load.push(loadavg()[0]!);
    const reading = await measure(contender, site.addressOf(contender), site.served);
    readings[index]!.push(reading);
    say(
      `${work.padEnd(8)} ${contender.id.padEnd(9)} ${reading.seconds.toFixed(1)} s, ${reading.lost.length} of ${reading.sent} lost, ${reading.written.join(' ') || 'nothing'} written ${reading.lost[0] ?? ''}`,
    );
  }
}
