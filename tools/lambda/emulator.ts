import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.js';
import { LabError, say } from '../program.js';
import { freePort, isFree } from '../testing/free-port.js';

/** AWS's Runtime Interface Emulator: what is in its base images. It has no releases as a Go module. */
const EMULATOR = 'github.com/aws/aws-lambda-runtime-interface-emulator';
const EMULATOR_VERSION = 'v0.0.0-20261030222936-bef5c4ba774d';
/** AWS's runtime for Node, which loads the handler. */
const CLIENT_VERSION = '4.0.2';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const HOME = join(CACHE, 'org-micro-lambda');

const INVOKE = '/2015-03-31/functions/function/invocations';
const LISTENS_WITHIN_MS = 10_000;

/** Programs that run a function as Lambda does; both are AWS's own. */
export interface Emulator {
  emulator: string;
  client: string;
}

/** What the programs are, for reports. */
export const EMULATOR_NAME = `aws-lambda-runtime-interface-emulator ${EMULATOR_VERSION.slice(7, 15)}, aws-lambda-ric ${CLIENT_VERSION}`;

/** Builds both once, with Go, and with cmake and a C++ compiler: a few minutes. Kept in the user's cache. */
export async function provideEmulator(): Promise<Emulator> {
  const emulator = join(HOME, EMULATOR_VERSION, 'aws-lambda-rie');
  const client = join(HOME, `ric-${CLIENT_VERSION}`);
  if (!existsSync(emulator)) await buildEmulator(join(HOME, EMULATOR_VERSION), emulator);
  const entry = join(client, 'node_modules/aws-lambda-ric/index.mjs');
  if (!existsSync(join(entry, '../rapid-client.node'))) await installClient(client);
  return { emulator, client: entry };
}

async function buildEmulator(folder: string, output: string): Promise<void> {
  say('building the emulator of Lambda: once, a few minutes');
  await mkdir(folder, { recursive: true });
  const program = `${EMULATOR}/cmd/aws-lambda-rie`;
  await writeFile(
    join(folder, 'go.mod'),
    `module emulator\n\ngo 1.26\n\nrequire ${EMULATOR} ${EMULATOR_VERSION}\n`,
  );
  await writeFile(
    join(folder, 'tools.go'),
    `//go:build tools\n\npackage tools\n\nimport _ "${program}"\n`,
  );
  await must('go', ['mod', 'tidy'], folder);
  await must('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, program], folder);
}

async function installClient(folder: string): Promise<void> {
  say("compiling AWS's runtime for Node: once, a few minutes");
  await mkdir(folder, { recursive: true });
  const allowScripts = { 'aws-lambda-ric': true };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts }));
  const name = `aws-lambda-ric@${CLIENT_VERSION}`;
  await must('npm', ['install', '--no-audit', '--no-fund', name], folder);
}

async function must(command: string, args: string[], cwd: string): Promise<void> {
  const { kind, code, stderr } = await run(command, args, { cwd });
  if (kind === 'exited' && code === 0) return;
  throw new LabError(`${command} ${args.join(' ')} ${kind}, ${code}\n${stderr}`);
}

export interface RunningFunction {
  /** Hands over an event, and returns what the function answers, or Lambda's error. */
  invoke: (event: object) => Promise<unknown>;
  /** The time that its processes, with the emulator's own, have spent on a processor: milliseconds, in steps of 10. */
  readCpu: () => Promise<number>;
  stop: () => Promise<void>;
}

/** Starts the emulator with a function, which is loaded by the first event. Its log is discarded. */
export async function startFunction(
  { emulator, client }: Emulator,
  folder: string,
  handler: string,
): Promise<RunningFunction> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const api = await freePort();
  const args = ['--log-level', 'error', '--runtime-interface-emulator-address', address];
  const child = spawn(
    emulator,
    [...args, '--runtime-api-address', `127.0.0.1:${api}`, process.execPath, client, handler],
    {
      cwd: folder,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], LAMBDA_TASK_ROOT: folder },
    },
  );
  const deadline = Date.now() + LISTENS_WITHIN_MS;
  while (await isFree(port)) {
    if (Date.now() > deadline) throw new LabError('the emulator does not listen');
    await sleep(10);
  }
  return {
    invoke: async (event) => {
      const answer = await fetch(`http://${address}${INVOKE}`, {
        method: 'POST',
        body: JSON.stringify(event),
      });
      return JSON.parse(await answer.text()) as unknown;
    },
    readCpu: async () => (await processesOf(child.pid!)).reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    stop: async () => {
      const ended = once(child, 'exit');
      for (const { pid } of await processesOf(child.pid!)) process.kill(pid, 'SIGKILL');
      await ended;
    },
  };
}

/** Linux counts in hundredths of a second, whatever the machine. */
const TICK_MS = 10;

interface Process {
  pid: number;
  cpuMs: number;
}

/** The emulator and the process of the function, which the emulator starts in a group of its own; by proc(5). */
async function processesOf(emulator: number): Promise<Process[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const all = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The name of the program is in parentheses, and may contain spaces.
      const [, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return { pid, parent: Number(parent), cpuMs: (Number(rest[9]) + Number(rest[10])) * TICK_MS };
    }),
  );
  return all.filter(({ pid, parent }) => pid === emulator || parent === emulator);
}
