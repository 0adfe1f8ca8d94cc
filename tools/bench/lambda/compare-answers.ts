import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { LabError } from '../../program.js';
import { freePort } from '../../testing/free-port.js';
import type { RunningFunction } from '../../lambda/emulator.js';

const PATHS = [
  '/hello?name=Ada',
  '/hello?name=a%2Cb',
  '/hello?name=',
  '/health',
  '/ready',
  '/none',
];

interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** A request in payload format 2.0. */
export function eventOf(path: string): object {
  const [rawPath, rawQueryString = ''] = path.split('?');
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: { 'x-request-id': 'bench' },
    requestContext: { stage: '$default', http: { method: 'GET', sourceIp: '127.0.0.1' } },
  };
}

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
      const answer = await fetch(url + path, { headers: { 'x-request-id': 'bench' } });
      const expected = [answer.status, stable(answer.headers), await answer.text()];
      const { statusCode, headers, body } = (await lambda.invoke(eventOf(path))) as Answer;
      const given = [statusCode, stable(Object.entries(headers)), body];
      if (isDeepStrictEqual(given, expected)) continue;
      throw new LabError(
        `${path} differs:\n${JSON.stringify(given)}\n${JSON.stringify(expected)} in the container`,
      );
    }
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** Headers without those of a connection or of a moment. */
function stable(headers: Iterable<[string, string]>): [string, string][] {
  const passing = ['connection', 'keep-alive', 'date', 'transfer-encoding'];
  return [...headers].filter(([name]) => !passing.includes(name)).sort();
}
