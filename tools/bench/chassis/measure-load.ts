import autocannon from 'autocannon';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../program.js';
import { startService, type Contender } from './run-service.js';
import { WORK_PATH } from './work-routes.js';

export const CONNECTIONS = 50;
export const WARM_UP_SECONDS = 2;

/** The number of requests before the memory is read, and the pause after them. */
export const FEW_REQUESTS = 1000;
const REST_MS = 1000;

export interface Load {
  /** Requests answered per second. */
  rate: number;
  /** Milliseconds: the median and the 99th percentile. */
  middle: number;
  slowest: number;
  /** Milliseconds from the start of the process to the first 200 of /ready. */
  ready: number;
  /** MB that it uses at rest after its first {@link FEW_REQUESTS} requests; NaN if the system does not tell. */
  memory: number;
}

/** A process in front of the service that gets the load. */
export type Front = (url: string) => Promise<{ url: string; stop: () => Promise<void> }>;

/** Starts a service, puts it under load for a while, and stops it. @throws {LabError} unless every answer is a 200. */
export async function measureLoad(
  contender: Contender,
  seconds: number,
  headers: Record<string, string> = {},
  front?: Front,
): Promise<Load> {
  const service = await startService(contender);
  let before: Awaited<ReturnType<Front>> | undefined;
  try {
    before = await front?.(service.url);
    const { url } = before ?? service;
    const load = { url: url + WORK_PATH, connections: CONNECTIONS, headers };
    await autocannon({ ...load, amount: FEW_REQUESTS });
    await sleep(REST_MS);
    const memory = (await service.readMemory()) ?? NaN;
    await autocannon({ ...load, duration: WARM_UP_SECONDS });
    const { non2xx, errors, requests, latency } = await autocannon({ ...load, duration: seconds });
    if (non2xx > 0 || errors > 0) {
      throw new LabError(
        `${contender.name}: ${non2xx} answers were not 200, ${errors} did not come`,
      );
    }
    return {
      rate: requests.average,
      middle: latency.p50,
      slowest: latency.p99,
      ready: service.readyMs,
      memory,
    };
  } finally {
    await before?.stop();
    await service.stop();
  }
}
