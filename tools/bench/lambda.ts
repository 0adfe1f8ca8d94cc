import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFunction, type FunctionCode } from '../lambda/emulator.js';
import { LAMBDA_PROGRAMS, provideLambdaPrograms, type LambdaPrograms } from '../lambda/programs.js';
import { askFunction } from '../lambda/request.js';
import { LabError, runProgram, say } from '../program.js';
import { onInterrupt } from './interrupt.js';
import { compareAnswers } from './lambda/compare-answers.js';
import { buildApplication } from './lambda/functions.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { formatRatio, median } from './report/statistics.js';
import { formatTable } from './report/tables.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:lambda [-- options]

  --rounds=10   cold starts per way, in turns
  --write       put the table into docs/benchmarks.md
`;

/** The first answers warm the caches of the machine. */
const UNCOUNTED = 2;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds);
  if (values.help || !(rounds >= 1)) throw new LabError(USAGE);
  const interrupted = onInterrupt();
  const programs = await provideLambdaPrograms();
  const workspace = await mkdtemp(join(tmpdir(), 'bench-lambda-'));
  try {
    const { installed, bundled, empty, container } = await buildApplication(workspace);
    for (const way of [installed, bundled]) {
      const running = await startFunction(programs, way);
      await compareAnswers(running, container).finally(running.stop);
    }
    say('both answer as in the container');
    const ways = [installed, bundled, empty];
    const times = ways.map((): number[] => []);
    const cpu = ways.map((): number[] => []);
    for (let round = -UNCOUNTED; round < rounds; round++) {
      const order = [...ways.keys()];
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        interrupted.throwIfAborted();
        const reading = await coldStart(programs, ways[index]!);
        if (round < 0) continue;
        times[index]!.push(reading.ms);
        cpu[index]!.push(reading.cpuMs);
      }
    }
    const names = ['with node_modules', 'bundle of `lambda-build`', 'a function of one line'];
    const rows = names.map((name, index) => [
      name,
      median(times[index]!).toFixed(0),
      formatRatio(times[index]!, times[0]!),
      median(cpu[index]!).toFixed(0),
      formatRatio(cpu[index]!, cpu[0]!),
    ]);
    const [ofInstalled = 0, ofBundle = 0, ofEmpty = 0] = cpu.map(median);
    const share = (ofBundle - ofEmpty) / (ofInstalled - ofEmpty);
    const block = [
      formatMachine(await readMachine(), rounds),
      formatTable(['', 'first answer, ms', 'to node_modules', 'CPU, ms', 'to node_modules'], rows),
      `From the first request to its answer, with a new process each time (${LAMBDA_PROGRAMS}); load of the machine: ${loadavg()[0]!.toFixed(0)} on ${cpus().length} cores. CPU is the time on a processor, which other work on the machine hardly changes. A function of one line shows what the emulator, AWS's runtime and Node take in each way; without that, the bundle takes ${share.toFixed(2)} of the CPU. Files are in the memory of the machine; Lambda also has to load and unpack them.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ lambda: block }, {});
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
});

/** Milliseconds from the first event to its answer. */
async function coldStart(
  programs: LambdaPrograms,
  code: FunctionCode,
): Promise<{ ms: number; cpuMs: number }> {
  const running = await startFunction(programs, code);
  try {
    const started = performance.now();
    const { status } = await askFunction(running, { path: '/hello?name=Ada' });
    if (status !== 200) throw new LabError(`the function answered ${status}`);
    const ms = performance.now() - started;
    return { ms, cpuMs: await running.readCpu() };
  } finally {
    await running.stop();
  }
}
