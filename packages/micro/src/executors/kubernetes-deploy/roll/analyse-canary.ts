import { Interrupted } from '../../../effects/interruption';
import { queryPrometheus } from '../../../effects/prometheus';
import {
  describeComparison,
  judgeComparison,
  parseComparison,
  parseResult,
  requestsQuery,
  scrapedQuery,
  type Comparison,
} from '../../../kubernetes/canary-analysis';
import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import type { CanaryAnalysis } from '../../../platform/canary-analysis';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { attempt } from '../../deploy-failures';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';

const POLL_MILLISECONDS = 5000;

/** What the environment says about the analysis, unless the run leaves it out. */
function analysisOf({ environment, mode }: Run): CanaryAnalysis | undefined {
  return mode.skipAnalysis ? undefined : environment.canary?.analysis;
}

/**
 * Before anything is changed: a canary is not started if nobody could tell its error rate, and not promoted unless the
 * rate is good. Why is among the failures.
 */
export async function checkCanaries(run: Run, { services }: ClusterPlan): Promise<void> {
  const analysis = analysisOf(run);
  if (!analysis) return;
  for (const { service, canary } of services) {
    const isPromoted = canary?.action === 'promote';
    if ((!isPromoted && canary?.action !== 'start') || run.failures.has(service)) continue;
    await attempt(run, service, async () => {
      if (!isPromoted) return requireScraped(run, service, analysis);
      const comparison = await compare(run, service, analysis, analysis.duration);
      const verdict = judgeComparison(comparison, analysis);
      if (verdict === 'good') return;
      const why = verdict === 'worse' ? whyWorse(run, comparison) : whyUnknown(run, comparison);
      throw new UserError(
        `the canary of ${service} was not promoted: in the last ${formatTime(analysis)}, ${why}. Remove it with --abort, or promote it without looking with --skipAnalysis`,
      );
    });
  }
}

/**
 * Watches the error rates of the canaries of a run, without the lock: other services can be deployed meanwhile. What is
 * wrong is among the failures.
 *
 * @param takeBack removes the canary of a service; returns why it could not.
 */
export async function watchCanaries(
  run: Run,
  { services }: ClusterPlan,
  takeBack: (service: string) => Promise<string | undefined>,
): Promise<void> {
  const analysis = analysisOf(run);
  const started = services.filter(
    ({ service, canary }) => canary?.action === 'start' && !run.failures.has(service),
  );
  if (!analysis || started.length === 0) return;
  await Promise.all(
    started.map((plan) =>
      attempt(run, plan.service, () => watchCanary(run, plan, analysis, takeBack)),
    ),
  );
}

async function watchCanary(
  run: Run,
  { service, current }: ServicePlan,
  analysis: CanaryAnalysis,
  takeBack: (service: string) => Promise<string | undefined>,
): Promise<void> {
  const say = tellOf(run, service);
  say(formatStep(service, 'analyse', `the error rate of the canary for ${formatTime(analysis)}`));
  const goesOn =
    'Its canary goes on: run the same command again to watch it, or remove it with --abort';
  const comparison = await watchRate(run, service, analysis).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${service}: ${error.message}. ${goesOn}`);
  });
  const verdict = judgeComparison(comparison, analysis);
  if (verdict === 'good') return say(formatStep(service, 'good', describeComparison(comparison)));
  if (verdict === 'inconclusive') {
    throw new UserError(
      `${service}: the analysis is inconclusive: ${whyUnknown(run, comparison)}. ${goesOn}`,
    );
  }
  const problem = await takeBack(service);
  const after =
    problem === undefined
      ? `the canary was removed: r${current?.number} of ${service} serves all requests, as before (${current?.image})`
      : `the canary of ${service} could not be removed: ${problem}. Run this again with --abort`;
  throw new UserError(
    `${service}: the canary failed the analysis: ${whyWorse(run, comparison)}\n${after}`,
  );
}

/** Looks until the time is over, or until enough requests show that the canary is worse. */
async function watchRate(run: Run, service: string, analysis: CanaryAnalysis): Promise<Comparison> {
  const { clock } = run;
  const from = clock.now();
  const until = from + analysis.duration * 1000;
  for (;;) {
    await clock.sleep(Math.min(POLL_MILLISECONDS, until - clock.now()));
    const isOver = clock.now() >= until;
    const seconds = Math.ceil((clock.now() - from) / 1000);
    const comparison = await compare(run, service, analysis, seconds).catch((error: unknown) => {
      // Prometheus may be away for a moment.
      if (isOver || !(error instanceof UserError) || error instanceof Interrupted) throw error;
      return undefined;
    });
    if (!comparison) continue;
    const isEnough = comparison.canary.requests >= analysis.minRequests;
    if (isOver || (isEnough && judgeComparison(comparison, analysis) === 'worse')) {
      return comparison;
    }
  }
}

/** @throws {UserError} if the canary would have to be watched in vain. */
async function requireScraped(run: Run, service: string, analysis: CanaryAnalysis): Promise<void> {
  const { namespace } = run.scope;
  const query = scrapedQuery(namespace, service);
  const pods = await ask(run, analysis, query, parseResult);
  if (pods.length > 0) return;
  throw new UserError(
    `${service} was not changed: ${analysis.prometheus} scrapes none of its pods (${query}), so nothing could be said about a canary. Give the pods METRICS=on and a job of Prometheus with the labels "namespace" and "pod", or leave the analysis out with --skipAnalysis`,
  );
}

function compare(
  run: Run,
  service: string,
  analysis: CanaryAnalysis,
  seconds: number,
): Promise<Comparison> {
  const query = requestsQuery(run.scope.namespace, service, seconds);
  return ask(run, analysis, query, (answer) => parseComparison(answer, service));
}

async function ask<Found>(
  { cluster, environment }: Run,
  { prometheus }: CanaryAnalysis,
  query: string,
  parse: (answer: string) => Found | undefined,
): Promise<Found> {
  const answer = await queryPrometheus(cluster, prometheus, query).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message} (or leave the analysis out with --skipAnalysis)`);
  });
  const found = parse(answer);
  if (found !== undefined) return found;
  throw new UserError(
    `what answers at ${prometheus} is no Prometheus: correct "canary.analysis.prometheus" in ${environment.file}`,
  );
}

function whyWorse({ environment }: Run, comparison: Comparison): string {
  const { maxErrorIncrease } = environment.canary!.analysis!;
  return `${describeComparison(comparison)}; ${environment.file} allows ${formatPoints(maxErrorIncrease)} more (canary.analysis.maxErrorIncrease)`;
}

function whyUnknown({ environment, scope }: Run, comparison: Comparison): string {
  const { minRequests, prometheus } = environment.canary!.analysis!;
  const counted = describeComparison(comparison);
  return comparison.canary.requests > 0
    ? `${counted}, which are fewer than ${minRequests} (canary.analysis.minRequests)`
    : `${counted}, as far as ${prometheus} knows: it needs http_requests_total of the pods, with the labels namespace="${scope.namespace}" and pod (METRICS=on)`;
}

function formatPoints(count: number): string {
  return `${count} percentage point${count === 1 ? '' : 's'}`;
}

function formatTime({ duration }: CanaryAnalysis): string {
  return `${duration} s`;
}
