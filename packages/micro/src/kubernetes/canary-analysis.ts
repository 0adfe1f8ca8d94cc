import { z } from 'zod';
import { canaryName } from '../platform/canary';
import type { CanaryAnalysis } from '../platform/canary-analysis';

/** What pods answered in a time. */
export interface Answered {
  requests: number;
  /** How many of them ended with 5xx. */
  errors: number;
}

/** The requests of both versions of a service in the same time. */
export interface Comparison {
  canary: Answered;
  /** Of the version that serves. */
  stable: Answered;
}

/** What the chassis counts, for each route and status. */
const METRIC = 'http_requests_total';

/**
 * Asks for the requests of each pod of a service and its canary, by status.
 *
 * It takes the highest count of each series in the window minus the count before it, not `increase()`: that leaves out
 * the first value of a series, which is when errors begin.
 *
 * @param window in seconds.
 */
export function requestsQuery(namespace: string, service: string, window: number): string {
  const series = `${METRIC}${podsOf(namespace, service)}`;
  const highest = `max_over_time(${series}[${window}s])`;
  return `sum by (pod, status) (${highest} - (${series} offset ${window}s or ${highest} * 0))`;
}

/** Asks which pods of a service and its canary Prometheus scrapes, whether they had requests or not. */
export function scrapedQuery(namespace: string, service: string): string {
  return `up${podsOf(namespace, service)}`;
}

function podsOf(namespace: string, service: string): string {
  return `{namespace="${namespace}",pod=~"${service}(-canary)?-[a-z0-9]+-[a-z0-9]+"}`;
}

const answerSchema = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.object({ pod: z.string().optional(), status: z.string().optional() }),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});

/** @param answer of Prometheus to {@link requestsQuery}. @returns `undefined` if it is none. */
export function parseComparison(answer: string, service: string): Comparison | undefined {
  const result = parseResult(answer);
  if (!result) return undefined;
  const of = (isCanary: boolean) => {
    const own = result.filter(
      ({ metric: { pod = '' } }) => pod.startsWith(`${canaryName(service)}-`) === isCanary,
    );
    const sum = (samples: typeof own) =>
      Math.round(samples.reduce((total, { value: [, count] }) => total + Number(count), 0));
    return {
      requests: sum(own),
      errors: sum(own.filter(({ metric: { status = '' } }) => /^5\d\d$/.test(status))),
    };
  };
  return { canary: of(true), stable: of(false) };
}

/** The samples of an answer of Prometheus; `undefined` if it is none. */
export function parseResult(answer: string) {
  return answerSchema.safeParse(jsonOf(answer)).data?.data.result;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * `worse`: more of its requests end with 5xx than allowed; `good`: not so, of enough requests; `inconclusive`: too few
 * requests.
 */
export type Verdict = 'good' | 'worse' | 'inconclusive';

/** Judges a canary by its error rate. Bad ones are found with any number of requests. */
export function judgeComparison(
  { canary, stable }: Comparison,
  { maxErrorIncrease, minRequests }: Pick<CanaryAnalysis, 'maxErrorIncrease' | 'minRequests'>,
): Verdict {
  if (canary.requests > 0 && rateOf(canary) > rateOf(stable) + maxErrorIncrease) return 'worse';
  return canary.requests >= minRequests ? 'good' : 'inconclusive';
}

/** `3.2 % of its 250 requests ended with 5xx, 0.1 % of 2250 of the version that serves` */
export function describeComparison({ canary, stable }: Comparison): string {
  if (canary.requests === 0) return 'it answered no request';
  const other =
    stable.requests === 0
      ? 'the version that serves answered none'
      : `${formatRate(stable)} of ${stable.requests} of the version that serves`;
  return `${formatRate(canary)} of its ${canary.requests} requests ended with 5xx, ${other}`;
}

/** In percent. */
function rateOf({ requests, errors }: Answered): number {
  return requests === 0 ? 0 : (errors / requests) * 100;
}

function formatRate(answered: Answered): string {
  return `${Math.round(rateOf(answered) * 100) / 100} %`;
}
