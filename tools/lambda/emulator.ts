import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../program.js';
import { freePort, isFree } from '../testing/free-port.js';
import type { LambdaPrograms } from './programs.js';

const INVOKE = '/2015-03-31/functions/function/invocations';
const LISTENS_WITHIN_MS = 30_000;

/** Stands in for the native addon of AWS's runtime. */
const WITHOUT_ADDON = join(import.meta.dirname, 'without-addon.mjs');

/** What Lambda can load. */
export interface FunctionCode {
  folder: string;
  /** `<module>.<export>` */
  handler: string;
  /** Its variables; it gets no others of this process. */
  env?: Readonly<Record<string, string>>;
}

export interface RunningFunction {
  /** Hands over an event, and returns what the function answers, or Lambda's error. */
  invoke: (event: object) => Promise<unknown>;
  /** The time that its processes, with the emulator's own, have spent on a processor: milliseconds, in steps of 10. */
  readCpu: () => Promise<number>;
  /** What the function and the emulator have logged. */
  readLog: () => string;
  stop: () => Promise<void>;
}

/** Starts the emulator with a function, which is loaded by the first event. */
export async function startFunction(
  { emulator, client }: LambdaPrograms,
  { folder, handler, env }: FunctionCode,
): Promise<RunningFunction> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const api = await freePort();
  const args = ['--log-level', 'error', '--runtime-interface-emulator-address', address];
  args.push('--runtime-api-address', `127.0.0.1:${api}`);
  const runtime = [process.execPath, '--import', WITHOUT_ADDON, client, handler];
  const child = spawn(emulator, [...args, ...runtime], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LAMBDA_TASK_ROOT: folder, ...env },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const deadline = Date.now() + LISTENS_WITHIN_MS;
  while (await isFree(port)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new LabError(`AWS's emulator of Lambda does not listen\n${log}`.trim());
    }
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
    readLog: () => log,
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
