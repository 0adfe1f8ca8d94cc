import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { createSample } from './growth/sample-workspace.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatPipeline, type PipelineReading } from './pipeline/report.js';
import { openPipelineSite } from './pipeline/site.js';
import { formatMachine } from './report/blocks.js';

const USAGE = `usage: npm run lab:newest -- npm run bench:pipeline [-- options]

  --services=50   number of services
  --rounds=5      readings per way

What a pipeline does if nothing changed, on a runner that has the repository and its packages, and nothing else: no Nx
cache, no images and no build cache. Beside it the same Dockerfiles by docker buildx bake, with a cache in the registry.
Needs an engine with the containerd image store, and empties its build cache again and again.
`;

const WAYS = ['affected', 'all', 'bake'] as const;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(USAGE);
  const [services, rounds] = [Number(values.services), Number(values.rounds)];
  if (![services, rounds].every((value) => Number.isInteger(value) && value > 0)) {
    throw new LabError(USAGE);
  }
  const interrupted = onInterrupt();
  const machine = await readMachine();
  say('an installed workspace with one service ...');
  const sample = await createSample();
  try {
    say(`${services} services, all of them pushed once each way ...`);
    const site = await openPipelineSite(sample, services);
    try {
      const readings: PipelineReading[] = [];
      for (let round = 0; round < rounds; round++) {
        const reading: PipelineReading = { affected: NaN, all: NaN, bake: NaN };
        // In turns, in reverse order in every second round, so that other load on the machine affects all alike.
        for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
          interrupted.throwIfAborted();
          reading[way] = await site.measure(way);
        }
        readings.push(reading);
        say(`round ${round + 1} of ${rounds}: ${JSON.stringify(reading)}`);
      }
      console.log(`\n${formatMachine(machine, rounds)}\n\n${formatPipeline(services, readings)}`);
    } finally {
      await site.remove();
    }
  } finally {
    await sample.remove();
  }
});
