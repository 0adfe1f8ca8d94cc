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
  /** What a gateway has to answer. */
  expectBody: string;
}

/** Of both subgraphs together. A gateway that makes fewer answers from its memory. */
const REQUESTS_PER_QUERY = 2;

/**
 * Starts a gateway, and asks it that many times after as many that do not count: a time instead of a number would
 * compare code that is compiled with code that is not yet, on a busy machine.
 *
 * @param readAsked how often the subgraphs were asked so far.
 * @throws {LabError} unless every answer is right, and was asked for.
 */
export async function measureQueries(
  contender: Contender,
  { path, ...query }: Query,
  queries: number,
  readAsked: () => Promise<number>,
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
    const askedBefore = await readAsked();
    const before = (await service.readWorkMs()) ?? NaN;
    const started = performance.now();
    const { non2xx, errors, mismatches, latency } = await autocannon(load);
    const seconds = (performance.now() - started) / 1000;
    const worked = ((await service.readWorkMs()) ?? NaN) - before;
    if (non2xx + errors + mismatches > 0) {
      throw new LabError(
        `${contender.name}: ${non2xx} answers were not 200, ${mismatches} were wrong, ${errors} did not come`,
      );
    }
    const asked = (await readAsked()) - askedBefore;
    if (asked < queries * REQUESTS_PER_QUERY) {
      throw new LabError(`${contender.name}: only ${asked} requests for ${queries} queries`);
    }
    return { rate: queries / seconds, slowest: latency.p99, work: (worked * 1000) / queries };
  } finally {
    await service.stop();
  }
}
