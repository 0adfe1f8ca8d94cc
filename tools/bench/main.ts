import { LabError, runProgram, say } from '../program.js';
import { CommandFailed } from '../testing/child.js';
import { CONTENDERS } from './contenders/all.js';
import { readFacts } from './facts.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { measureWork } from './measure.js';
import { parseOptions, USAGE, type Options } from './options.js';
import { formatBlocks } from './report/blocks.js';
import { timePicture } from './report/time-picture.js';
import { loadResults, saveResults, type Results } from './results.js';
import { openSite, type Site } from './site.js';
import { WORKS } from './work/all.js';
import { writeDocument } from './write-document.js';

void runProgram(async () => {
  const options = parseOptions(WORKS.map(({ id }) => id));
  if (options === 'help') return say(USAGE);
  const results = options.render ? await loadResults<Results>('last') : await measureAll(options);
  const columns = CONTENDERS.filter(({ id }) => options.contenders.includes(id));
  const blocks = formatBlocks(WORKS, columns, results);
  for (const [name, block] of Object.entries(blocks)) console.log(`\n## ${name}\n\n${block}`);
  if (!options.write) return;
  if (columns.length < CONTENDERS.length || WORKS.some(({ id }) => !results.readings[id])) {
    throw new LabError('docs/benchmarks.md is only written from a run of everything');
  }
  const shown = WORKS.filter(({ group }) => group !== 'floor');
  await writeDocument(blocks, { 'times.svg': timePicture(shown, columns, results) });
});

async function measureAll(options: Options): Promise<Results> {
  const interrupted = onInterrupt();
  const results: Results = {
    machine: await readMachine(),
    rounds: options.rounds,
    readings: {},
    facts: {},
  };
  const sites: Site[] = [];
  try {
    for (const contender of CONTENDERS) {
      if (!options.contenders.includes(contender.id)) continue;
      say(`setting up ${contender.title} ...`);
      sites.push(await openSite(contender));
    }
    for (const work of WORKS) {
      if (options.only.length > 0 && !options.only.includes(work.id)) continue;
      say(`${work.title} ...`);
      results.readings[work.id] = await measureWork(work, sites, options.rounds, interrupted);
      if (work.id === FACTS_AFTER) {
        for (const site of sites) results.facts[site.contender.id] = await readFacts(site);
      }
      say(`saved to ${await saveResults('last', results)}`);
    }
    return results;
  } catch (error) {
    interrupted.throwIfAborted();
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    say('removing the workspaces and their images ...');
    for (const site of sites) await site.remove();
  }
}

/** Work after which every contender has the images of its commit. */
const FACTS_AFTER = 'start';
