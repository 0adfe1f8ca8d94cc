import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CALLERS = 4;
/** Each caller ends by itself after so many requests. */
const AT_MOST = 20_000;

interface LoadReport {
  sent: number;
  lost: string[];
  versions: Set<string>;
}

/** Requests with a connection each, as many callers make them, to a port of a node while something is done. */
export async function underLoad(
  url: string,
  work: () => Promise<void>,
  host?: string,
): Promise<LoadReport> {
  const report: LoadReport = { sent: 0, lost: [], versions: new Set() };
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    for (let count = 0; count < AT_MOST && !isOver; count++) {
      report.sent++;
      await call(url, host).then(
        (version) => report.versions.add(version),
        (error: unknown) => report.lost.push(String(error)),
      );
      await sleep(50);
    }
  });
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(callers);
    console.log(`${report.sent} requests, ${report.lost.length} lost`);
  }
  return report;
}

/** The answer to one request with a connection of its own. */
export function call(
  url: string,
  host?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(
      url,
      { agent: false, timeout: 30_000, headers: { ...headers, ...(host ? { host } : {}) } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(text)
            : reject(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer within 30 s')));
    request.on('error', reject);
  });
}
