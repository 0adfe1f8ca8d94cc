import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { ensureRegistry } from '../registry/ensure-registry.js';
import { removeRepositories } from './engine/registry.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { startOwnEngines } from './stores/own-engines.js';
import { formatStores } from './stores/report.js';
import { SERVICE, type StoreReading } from './stores/reading.js';
import { createStoreWorkspace } from './stores/store-workspace.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:stores [-- options]     as root on Debian

  --rounds=7      readings per engine
  --write         put the table into docs/benchmarks.md

Builds one changed service with this machine's version of Docker Engine and with the newest one, which has the containerd image store, in turns.
It starts both engines for itself, empty and with the same priority, and removes them.
`;

const READ = fileURLToPath(new URL('stores/read-builds.ts', import.meta.url));

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds);
  if (values.help || !(rounds >= 1)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const machine = await readMachine();
  const { host } = await ensureRegistry();
  const { engines, remove: removeEngines } = await startOwnEngines();
  const { root, name, remove } = await createStoreWorkspace(host);
  const all: StoreReading[][] = engines.map(() => []);
  try {
    for (let round = 0; round < rounds; round++) {
      // In turns, in reverse order in every second round, so that other load on the machine affects both alike.
      const order = [...engines.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        interrupted.throwIfAborted();
        const file = join(root, 'reading.json');
        const command = [process.execPath, '--import', 'tsx', READ, root, file, String(round)];
        if ((await engines[index]!.run(command)) !== 0) throw new LabError('a reading failed');
        all[index]!.push(JSON.parse(await readFile(file, 'utf8')) as StoreReading);
      }
      say(`round ${round + 1} of ${rounds}`);
    }
    const block = `${formatMachine(machine, rounds)}\n\n${formatStores(all)}`;
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ stores: block }, {});
  } finally {
    await removeEngines();
    await removeRepositories([`${name}/${SERVICE}`]);
    await remove();
  }
});
