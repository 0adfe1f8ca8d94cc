import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../../command.js';
import { freePort } from '../../testing/free-port.js';

const POLL_MS = 4;
const ANSWERS_WITHIN_MS = 30_000;

export interface Lifetime {
  /** From `docker run` to the first 200, in milliseconds. */
  startMs: number;
  /** Seconds of `docker stop`. */
  stopSeconds: number;
  exitCode: number;
}

/** Starts an image, waits until it answers on /health, and stops it like an orchestrator does. */
export async function liveOnce(image: string, settleMs: number): Promise<Lifetime> {
  const port = await freePort();
  const started = performance.now();
  const id = await mustRun('docker', [
    ...['run', '--detach', '--publish', `127.0.0.1:${port}:3000`, '--env', 'PORT=3000'],
    // Lets /health be reached through the published port, as which requests from outside count.
    ...['--env', 'PROBE_NETWORKS=10.0.0.0/8,172.16.0.0/12,192.168.0.0/16', image],
  ]);
  const container = id.trim();
  try {
    await firstAnswer(`http://127.0.0.1:${port}/health`, image);
    const startMs = performance.now() - started;
    // A process that has just started to listen may not have its signal handlers yet.
    await sleep(settleMs);
    const stopped = performance.now();
    await mustRun('docker', ['stop', container]);
    const stopSeconds = (performance.now() - stopped) / 1000;
    const code = await mustRun('docker', ['inspect', '--format', '{{.State.ExitCode}}', container]);
    return { startMs, stopSeconds, exitCode: Number(code) };
  } finally {
    await mustRun('docker', ['rm', '--force', '--volumes', container]);
  }
}

/** The numbers of files that the image adds to its base, counted by a command in both. */
export async function countFiles(image: string, base: string): Promise<Record<string, number>> {
  const [ours, bases] = await Promise.all([readCounts(image), readCounts(base)]);
  return {
    files: ours.all - bases.all,
    nodeModules: ours.nodeModules - bases.nodeModules,
  };
}

async function readCounts(image: string): Promise<{ all: number; nodeModules: number }> {
  const find = "find / -xdev -type f -not -path '/proc/*' -not -path '/sys/*'";
  const script = `${find} | wc -l; ${find} -path '*/node_modules/*' | wc -l`;
  const text = await mustRun('docker', [
    ...['run', '--rm', '--user', 'root', '--entrypoint', 'sh', image, '-c', script],
  ]);
  const [all = NaN, nodeModules = NaN] = text.trim().split('\n').map(Number);
  return { all, nodeModules };
}

async function firstAnswer(url: string, image: string): Promise<void> {
  const deadline = Date.now() + ANSWERS_WITHIN_MS;
  while ((await statusOf(url)) !== 200) {
    if (Date.now() > deadline) throw new Error(`${image} does not answer on /health`);
    await sleep(POLL_MS);
  }
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
