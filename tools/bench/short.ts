import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';

const USAGE = `usage: npm run bench:short

One reading of each main row, in about four minutes on a quiet machine: for whoever changes a path that is hot. Run it before
and after, and compare the ratios. It writes nothing; a ratio of one reading is off by a fifth or so.
`;

/** Programs of this folder, with the options that make each as short as possible. */
const PARTS: readonly (readonly [string, ...string[]])[] = [
  ['chassis.ts', '--rounds=1', '--seconds=1'],
  ['gateway.ts', '--rounds=1', '--seconds=1'],
  ['deploy.ts', '--rounds=1', '--only=version,nothing', '--contenders=nx'],
];

void runProgram(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) throw new LabError(USAGE);
  const failed: string[] = [];
  for (const [file, ...args] of PARTS) {
    const started = performance.now();
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], { stdio: 'inherit' });
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    if (exitCode !== 0) failed.push(file);
    say(`${file} took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  if (failed.length > 0) throw new LabError(`${failed.join(' and ')} failed`);
});
