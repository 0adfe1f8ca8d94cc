import autocannon from 'autocannon';
import { LabError } from '../../program.js';
import { CONNECTIONS } from '../chassis/measure-load.js';
import { startService, type Contender } from '../chassis/run-service.js';

export interface QueryReading {
  /** Queries answered per second. */
  rate: number;
  /** Milliseconds: the 99th percentile. */
  slowest: number;
  /** Microseconds that the gateway's process works per query; NaN if the system does not tell. */
  work: number;
}

export interface Query {
  path: string;
  method: 'POST';
  headers: Record<string, string>;
  body: string;
}

/**
 * Starts a gateway, and asks it that many times after as many that do not count: a time instead of a number would
 * compare code that is compiled with code that is not yet, on a busy machine.
 *
 * @throws {LabError} unless every answer is a 200.
 */
export async function measureQueries(
  contender: Contender,
  { path, ...query }: Query,
  queries: number,
): Promise<QueryReading> {
  const service = await startService(contender);
  try {
    const load = {
      ...query,
      url: service.url + path,
      connections: CONNECTIONS,
      amount: queries,
      timeout: 60,
    };
    await autocannon(load);
    const before = (await service.readWorkMs()) ?? NaN;
    const started = performance.now();
    const { non2xx, errors, latency } = await autocannon(load);
    const seconds = (performance.now() - started) / 1000;
    const worked = ((await service.readWorkMs()) ?? NaN) - before;
    if (non2xx > 0 || errors > 0) {
      throw new LabError(
        `${contender.name}: ${non2xx} answers were not 200, ${errors} did not come`,
      );
    }
    return { rate: queries / seconds, slowest: latency.p99, work: (worked * 1000) / queries };
  } finally {
    await service.stop();
  }
}
