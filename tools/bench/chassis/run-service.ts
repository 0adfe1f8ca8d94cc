import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../program.js';
import { freePort } from '../../testing/free-port.js';

const POLL_MS = 2;
const READY_WITHIN_MS = 20_000;

/** A program that listens on PORT, and variables that turn features on. */
export interface Contender {
  name: string;
  file: URL;
  env: NodeJS.ProcessEnv;
}

export interface RunningService {
  url: string;
  /** From the start of the process to the first 200 of /ready. */
  readyMs: number;
  /** The memory that it uses now, in MB; undefined if there is no /proc. */
  readMemory: () => Promise<number | undefined>;
  /** The processor time that it has used, in milliseconds; undefined if there is no /proc. */
  readWorkMs: () => Promise<number | undefined>;
  stop: () => Promise<void>;
}

/** Starts a contender as in production. Its log is discarded. */
export async function startService({ name, file, env }: Contender): Promise<RunningService> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(file)], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilReady(child, name, url);
  const readyMs = performance.now() - started;
  return {
    url,
    readyMs,
    readMemory: () => readMemory(child.pid!),
    readWorkMs: () => readWorkMs(child.pid!),
    stop: () => end(child),
  };
}

async function readMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** Linux counts it in hundredths of a second: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readWorkMs(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name before it, in brackets, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function untilReady(child: ChildProcess, name: string, url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new LabError(`${name} did not become ready on ${url}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
