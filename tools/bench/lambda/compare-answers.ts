import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { RunningFunction } from '../../lambda/emulator.js';
import { askFunction, askService, type Answer } from '../../lambda/request.js';
import { LabError } from '../../program.js';
import { freePort } from '../../testing/free-port.js';

const PATHS = [
  '/hello?name=Ada',
  '/hello?name=a%2Cb',
  '/hello?name=',
  '/health',
  '/ready',
  '/none',
];

/** @throws {LabError} if the function answers a request in another way than the process in its container. */
export async function compareAnswers(lambda: RunningFunction, container: string): Promise<void> {
  const port = await freePort();
  const env = { ...process.env, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port) };
  const child = spawn(process.execPath, [container], { env, stdio: 'ignore' });
  try {
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = Date.now() + 20_000; ;) {
      if ((await fetch(`${url}/ready`).catch(() => undefined))?.ok) break;
      if (Date.now() > deadline) throw new LabError('the service did not get ready');
    }
    for (const path of PATHS) {
      const sent = { path, headers: { 'x-request-id': 'bench' } };
      const expected = await askService(url, sent);
      const given = await askFunction(lambda, sent);
      if (isDeepStrictEqual(given, expected)) continue;
      throw new LabError(
        `${path} differs:\n${format(given)}\n${format(expected)} in the container`,
      );
    }
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

function format({ body, ...answer }: Answer): string {
  return JSON.stringify({ ...answer, body: body.toString() });
}
