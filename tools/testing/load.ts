import { Agent, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Above what any deploy takes a service away for, so that a request that was only held up is a slow one. */
const TIMEOUT_MS = 30_000;

export interface Call {
  method: 'GET' | 'POST';
  path: string;
}

export interface LoadOptions {
  /** Of 127.0.0.1, or of a name below `localhost`, which is this machine, too. */
  url: string;
  /** The root certificate of an https address, PEM. */
  ca?: string;
  /** Sent in turns. */
  calls: readonly Call[];
  /** As many at most; fewer if each of the callers still waits for its answer. */
  perSecond: number;
  callers: number;
  /** Requests after which it ends by itself. */
  atMost: number;
}

export interface LoadReport {
  /** Requests by method. */
  sent: Record<Call['method'], number>;
  /** What became of those that were not answered with a 2xx, one line each. */
  failed: string[];
  /** Milliseconds until the last byte of the slowest answer. */
  slowestMs: number;
}

export interface Load {
  /** Sends no more, and tells once all are answered. */
  stop: () => Promise<LoadReport>;
}

/**
 * Sends requests until it is stopped. Connections are kept, as browsers and other proxies do, and nothing is sent
 * twice: what fails is a failure.
 */
export function startLoad({ url, ca, calls, perSecond, callers, atMost }: LoadOptions): Load {
  const agent =
    ca === undefined ? new Agent({ keepAlive: true }) : new SecureAgent({ keepAlive: true, ca });
  const report: LoadReport = { sent: { GET: 0, POST: 0 }, failed: [], slowestMs: 0 };
  const started = performance.now();
  let due = started;
  let count = 0;
  let isOver = false;

  const send = async (call: Call) => {
    const begun = performance.now();
    report.sent[call.method]++;
    const failure = await ask(agent, url, call);
    const took = performance.now() - begun;
    report.slowestMs = Math.max(report.slowestMs, took);
    if (failure === undefined) return;
    const at = ((begun - started) / 1000).toFixed(1);
    const what = `${failure} after ${took.toFixed(0)} ms`;
    report.failed.push(`${call.method} ${call.path} at ${at} s: ${what}`);
  };

  const callInTurn = async () => {
    while (!isOver && count < atMost) {
      const call = calls[count++ % calls.length]!;
      // What could not be sent in time is not made up for.
      due = Math.max(due + 1000 / perSecond, performance.now());
      await sleep(Math.max(0, due - performance.now()));
      await send(call);
    }
  };

  const calling = Promise.all(Array.from({ length: callers }, callInTurn));
  return {
    stop: async () => {
      isOver = true;
      await calling;
      agent.destroy();
      return report;
    },
  };
}

/** `1,250 requests (625 POST), 0 failed, the slowest 431 ms` */
export function formatLoad({ sent, failed, slowestMs }: LoadReport): string {
  const all = (sent.GET + sent.POST).toLocaleString('en');
  return `${all} requests (${sent.POST.toLocaleString('en')} POST), ${failed.length} failed, the slowest ${slowestMs.toFixed(0)} ms`;
}

/** Names below `localhost` are this machine (RFC 6761), even if a resolver does not know it. */
export const toThisMachine: LookupFunction = (_name, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

/** @returns what went wrong; never rejects. */
function ask(agent: Agent, url: string, { method, path }: Call): Promise<string | undefined> {
  return new Promise((resolve) => {
    const body = method === 'POST' ? '{"item":"lamp"}' : undefined;
    const headers = body && { 'content-type': 'application/json', 'content-length': body.length };
    const send = agent instanceof SecureAgent ? httpsRequest : httpRequest;
    const request = send(url + path, {
      agent,
      method,
      headers: headers ?? {},
      lookup: toThisMachine,
    });
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('no answer')));
    const fail = (error: Error) => resolve(error.message);
    request.on('error', fail);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', fail);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        resolve(statusCode >= 200 && statusCode < 300 ? undefined : `${statusCode} ${text}`);
      });
    });
    request.end(body);
  });
}
