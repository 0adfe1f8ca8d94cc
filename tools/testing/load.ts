import { Agent, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than any interruption by a deploy, so that a delayed request counts as slow and not as failed. */
const TIMEOUT_MS = 30_000;

export interface Call {
  method: 'GET' | 'POST';
  path: string;
}

export interface LoadOptions {
  /** On 127.0.0.1, or on a name below `localhost`, which is this machine, too. */
  url: string;
  /** The root certificate for an https address, PEM. */
  ca?: string;
  /** Sent in turns. */
  calls: readonly Call[];
  /** The maximum rate; lower if all callers are still waiting for answers. */
  perSecond: number;
  callers: number;
  /** The number of requests after which it ends by itself. */
  atMost: number;
}

export interface LoadReport {
  /** Requests by method. */
  sent: Record<Call['method'], number>;
  /** What happened to requests without a 2xx answer, one line each. */
  failed: string[];
  /** Milliseconds until the last byte of the slowest answer. */
  slowestMs: number;
}

export interface Load {
  /** Stops sending, and resolves when all are answered. */
  stop: () => Promise<LoadReport>;
}

/**
 * Sends requests until it is stopped. Connections are kept open, as by browsers and proxies. Nothing is sent twice, so
 * every failure counts.
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
      // Requests that could not be sent in time are not sent later.
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
