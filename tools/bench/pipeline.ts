import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { createSample } from './growth/sample-workspace.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatPipeline, formatSeconds, type Round, WAYS } from './pipeline/report.js';
import { openPipelineSite } from './pipeline/site.js';
import { formatMachine } from './report/blocks.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run lab:newest -- npm run bench:pipeline [-- options]

  --services=50          number of services
  --rounds=5             readings per way
  --once=install,write   ways that are measured in the last round only (jobs, read, push, install, write)
  --limit=300            seconds after which a bake is given up
  --write                put the table into docs/benchmarks.md

What a pipeline does if nothing changed, on a runner that has the repository, its packages and the base image, and nothing
else: no Nx cache, no images and no build cache. Beside it the same Dockerfiles by docker buildx bake, with a cache in
the registry. Needs an engine with the containerd image store, and empties its build cache again and again.
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '5' },
      once: { type: 'string', default: 'install,write' },
      limit: { type: 'string', default: '300' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const numbers = [values.services, values.rounds, values.limit].map(Number);
  if (!numbers.every((value) => Number.isInteger(value) && value > 0)) throw new LabError(USAGE);
  const [services, count, limit] = numbers as [number, number, number];
  const once = values.once.split(',').filter(Boolean);
  if (!once.every((name) => WAYS.some((way) => way === name))) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const machine = await readMachine();
  say('an installed workspace with one service ...');
  const sample = await createSample();
  try {
    say(`${services} services, all of them pushed once each way ...`);
    const site = await openPipelineSite(sample, services, limit * 1000);
    try {
      const [load, rounds]: [number[], Round[]] = [[], []];
      for (let index = 0; index < count; index++) {
        const round: Round = {};
        const ways = WAYS.filter((way) => index === count - 1 || !once.includes(way));
        // In turns, in reverse order in every second round, so that other load on the machine affects all alike.
        for (const way of index % 2 === 0 ? ways : ways.toReversed()) {
          interrupted.throwIfAborted();
          const seconds = await site.measure(way);
          round[way] = seconds;
          load.push(loadavg()[0]!);
          say(`${way}: ${formatSeconds(seconds, limit)} s, load ${load.at(-1)!.toFixed(0)}`);
        }
        rounds.push(round);
        say(`round ${index + 1} of ${count}`);
      }
      const bounds = [Math.min(...load), Math.max(...load)].map((value) => value.toFixed(0));
      const block = [
        `${formatMachine(machine, count)} Load of the machine: ${bounds.join(' to ')}.`,
        formatPipeline(services, rounds, limit),
      ].join('\n\n');
      console.log(`\n${block}`);
      if (values.write) await writeDocument({ pipeline: block }, {});
    } finally {
      await site.remove();
    }
  } finally {
    await sample.remove();
  }
});
