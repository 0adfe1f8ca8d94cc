import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Interrupted } from '../../../effects/interruption';
import type { Outcome } from '../../../effects/process';
import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import type { KubernetesEnvironment } from '../../../platform/kubernetes-environment';
import { parseAnyEnvironment } from '../../../platform/environment';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import type { Run } from '../run';
import { checkCanaries, watchCanaries } from './analyse-canary';

const ENVIRONMENT = parseAnyEnvironment(
  'live',
  `engine: kubernetes
context: far
registry: reg.example.com
canary:
  analysis: { prometheus: 'http://prometheus.monitoring.svc:9090', duration: 60 }
`,
) as KubernetesEnvironment;

const IMAGE = 'reg.example.com/shop@sha256:aa';

/** The plan of a service whose canary this is about. */
function planOf(action: 'start' | 'run' | 'promote' | 'abort') {
  const canary = { action, weight: 10, image: '', key: '', routes: [] };
  const current = { number: 4, image: IMAGE };
  return { services: [{ service: 'shop', canary, current }] } as unknown as ClusterPlan;
}

/** Of each look, the requests of the canary and those that failed; the version that serves is good. */
type Look = [requests: number, errors: number] | Partial<Outcome>;

function answerOf([requests, errors]: [number, number]): Partial<Outcome> {
  const sample = (pod: string, status: string, count: number) => ({
    metric: { pod, status },
    value: [0, String(count)],
  });
  const result = [
    sample('shop-6d5f9c7b8-abcde', '200', 900),
    sample('shop-canary-7d9f8c6b5-klmno', '200', requests - errors),
    sample('shop-canary-7d9f8c6b5-klmno', '500', errors),
  ];
  return { stdout: JSON.stringify({ data: { result } }) };
}

let now: number;
beforeEach(() => void (now = 0));

/** The last look is what all later ones see. */
function runWith(looks: readonly Look[], { skipAnalysis = false, environment = ENVIRONMENT } = {}) {
  let count = 0;
  const runner = recordingRunner(() => {
    const look = looks[Math.min(count++, looks.length - 1)]!;
    return Array.isArray(look) ? answerOf(look) : look;
  });
  const said: string[] = [];
  const run = {
    ...{ environment, mode: { skipAnalysis }, tasks: [], failures: new Map<string, Error>() },
    scope: { namespace: 'acme-live' },
    cluster: { runner, context: 'far', namespace: 'acme-live', file: ENVIRONMENT.file },
    clock: {
      now: () => now,
      sleep: (milliseconds: number) => {
        now += milliseconds;
        return Promise.resolve();
      },
    },
    tell: (line: string) => void said.push(line),
  };
  const failed = () => run.failures.get('shop')?.message;
  return { run: run as unknown as Run, said, runner, failed };
}

const windows = (lines: readonly string[]) =>
  lines.map((line) => Number(/offset\+(\d+)s/.exec(decodeURIComponent(line))?.[1]));

describe('a canary that was started', () => {
  const taken = vi.fn(() => Promise.resolve(undefined));
  beforeEach(() => taken.mockClear());

  it('is watched for its time, and goes on if its error rate is good', async () => {
    const { run, said, runner, failed } = runWith([
      [0, 0],
      [20, 0],
      [90, 0],
    ]);
    await watchCanaries(run, planOf('start'), taken);
    expect(failed()).toBeUndefined();
    expect(windows(runner.lines)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    expect(said[0]).toMatch(/analyse.*the error rate of the canary for 60 s/);
    expect(said[1]).toContain('0 % of its 90 requests ended with 5xx, 0 % of 900');
    expect(taken).not.toHaveBeenCalled();
  });

  it('is taken back once enough requests show that it is worse', async () => {
    const { run, runner, failed } = runWith([
      [20, 4],
      [60, 12],
    ]);
    await watchCanaries(run, planOf('start'), taken);
    expect(runner.lines).toHaveLength(2);
    expect(taken.mock.calls).toEqual([['shop']]);
    expect(failed()).toBe(
      `shop: the canary failed the analysis: 20 % of its 60 requests ended with 5xx, 0 % of 900 of the version that serves; environments/live.yml allows 1 percentage point more (canary.analysis.maxErrorIncrease)
the canary was removed: r4 of shop serves all requests, as before (${IMAGE})`,
    );
  });

  it('is taken back at the end if few requests are enough to be worse', async () => {
    const { run, runner, failed } = runWith([[3, 1]]);
    await watchCanaries(run, planOf('start'), taken);
    expect(runner.lines).toHaveLength(12);
    expect(taken).toHaveBeenCalledOnce();
    expect(failed()).toContain('33.33 % of its 3 requests');
  });

  it('that cannot be taken back is said to run on', async () => {
    const { run, failed } = runWith([[60, 12]]);
    await watchCanaries(run, planOf('start'), () => Promise.resolve('the lock is held by ada'));
    expect(failed()).toMatch(
      /\nthe canary of shop could not be removed: the lock is held by ada\. Run this again with --abort$/,
    );
  });

  it.each<[string, Look, RegExp]>([
    [
      'few requests',
      [20, 0],
      /^shop: the analysis is inconclusive: 0 % of its 20 requests ended with 5xx, .*, which are fewer than 50 \(canary\.analysis\.minRequests\)\. Its canary goes on: run the same command again/,
    ],
    [
      'no request that Prometheus knows of',
      [0, 0],
      /it answered no request, as far as http:\/\/prometheus\.monitoring\.svc:9090 knows: it needs http_requests_total of the pods, with the labels namespace="acme-live" and pod \(METRICS=on\)\. Its canary goes on/,
    ],
    [
      'no Prometheus',
      failure('Error from server (ServiceUnavailable): no endpoints available'),
      /cannot be asked: .*no endpoints available \(or leave the analysis out with --skipAnalysis\)\. Its canary goes on/,
    ],
    [
      'something else that answers',
      { stdout: '<html>' },
      /what answers at .* is no Prometheus: correct "canary\.analysis\.prometheus" in environments\/live\.yml/,
    ],
  ])('is a failure with %s, and goes on', async (_, look, words) => {
    const { run, failed } = runWith([look]);
    await watchCanaries(run, planOf('start'), taken);
    expect(failed()).toMatch(words);
    expect(taken).not.toHaveBeenCalled();
  });

  it('is watched on if Prometheus was away for a moment', async () => {
    const { run, failed } = runWith([failure('Error from server: timeout'), [90, 0]]);
    await watchCanaries(run, planOf('start'), taken);
    expect(failed()).toBeUndefined();
  });

  it('goes on if the watch is interrupted', async () => {
    const { run, failed, runner } = runWith([[0, 0]]);
    run.clock.sleep = () => Promise.reject(new Interrupted('the deploy was ended by SIGINT'));
    await watchCanaries(run, planOf('start'), taken);
    expect(runner.lines).toEqual([]);
    expect(failed()).toMatch(/^shop: the deploy was ended by SIGINT\. Its canary goes on/);
    expect(taken).not.toHaveBeenCalled();
  });
});

it.each<[string, Parameters<typeof planOf>[0], Parameters<typeof runWith>[1], boolean]>([
  ['of an environment without a Prometheus', 'start', { environment: without(ENVIRONMENT) }, false],
  ['with --skipAnalysis', 'start', { skipAnalysis: true }, false],
  ['that goes on beside another deploy', 'run', {}, false],
  ['that is aborted', 'abort', {}, false],
])('nobody watches a canary %s', async (_, action, how) => {
  const { run, runner, said } = runWith([[60, 12]], how);
  await checkCanaries(run, planOf(action));
  await watchCanaries(run, planOf(action), () => Promise.reject(new Error('not to be called')));
  expect(runner.lines).toEqual([]);
  expect(said).toEqual([]);
});

function without({ canary: _canary, ...environment }: KubernetesEnvironment) {
  return environment as KubernetesEnvironment;
}

describe('before anything is changed', () => {
  it('a canary is not started if nobody could tell its error rate', async () => {
    const { run, failed } = runWith([failure('Error from server (NotFound): services not found')]);
    await checkCanaries(run, planOf('start'));
    expect(failed()).toContain('services not found (or leave the analysis out');
  });

  it('a canary is not started if no pod of the service is scraped', async () => {
    const { run, failed, runner } = runWith([{ stdout: JSON.stringify({ data: { result: [] } }) }]);
    await checkCanaries(run, planOf('start'));
    expect(decodeURIComponent(runner.lines[0]!)).toContain('query=up{namespace="acme-live"');
    expect(failed()).toMatch(
      /^shop was not changed: http:\/\/prometheus\.monitoring\.svc:9090 scrapes none of its pods \(up\{.*METRICS=on.*--skipAnalysis$/,
    );
  });

  it('a canary may be started while none has requests', async () => {
    const { run, failed } = runWith([[0, 0]]);
    await checkCanaries(run, planOf('start'));
    expect(failed()).toBeUndefined();
  });

  it.each<[string, Look, RegExp | undefined]>([
    ['good', [90, 0], undefined],
    [
      'worse',
      [90, 9],
      /^the canary of shop was not promoted: in the last 60 s, 10 % of its 90 requests .*Remove it with --abort, or promote it without looking with --skipAnalysis$/,
    ],
    ['unknown', [9, 0], /^the canary of shop was not promoted: .*fewer than 50/],
  ])('a canary whose error rate is %s', async (_, look, words) => {
    const { run, failed, runner } = runWith([look]);
    await checkCanaries(run, planOf('promote'));
    expect(windows(runner.lines)).toEqual([60]);
    if (words) expect(failed()).toMatch(words);
    else expect(failed()).toBeUndefined();
  });
});
