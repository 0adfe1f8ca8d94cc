import type { HealthCheck } from '@aws-sdk/client-ecs';
import type { ComposeEntry } from '../deployment/entry';
import type { WrittenHealthCheck } from '../deployment/health-check';
import { parseDuration } from '../deployment/stop-time';

/** Asks a service of the chassis, with node itself: an image need not have curl. */
const ASK_READY = [
  'CMD',
  'node',
  '-e',
  "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/ready', agent: false }, (r) => { process.exitCode = r.statusCode < 300 ? 0 : 1; r.resume() }).on('error', () => { process.exitCode = 1 })",
];

/** What ECS takes, in seconds (API reference of HealthCheck). */
const BOUNDS = { interval: [5, 300], timeout: [2, 60], retries: [1, 10], startPeriod: [0, 300] };

/** Docker's defaults. */
const DEFAULTS = { interval: 30, timeout: 30, retries: 3 };

/**
 * The health check of a container: that of its entry, else that of its Dockerfile, which ECS does not read, else a
 * request to `/ready`. `undefined` if it was switched off.
 *
 * @param inImage what the Dockerfile says; `undefined` if it says nothing.
 * @param startPeriod how long failed checks do not count, in seconds.
 */
export function healthCheckOf(
  { healthcheck }: ComposeEntry,
  inImage: WrittenHealthCheck | undefined,
  startPeriod: number,
): HealthCheck | undefined {
  const written = (healthcheck ?? inImage ?? {}) as WrittenHealthCheck;
  const { disable } = written as { disable?: boolean };
  const test = written.test ?? inImage?.test ?? ASK_READY;
  if (disable === true || test[0] === 'NONE') return undefined;
  // In a compose file, a dollar is written as two.
  const command = healthcheck === undefined ? test : test.map((word) => word.replaceAll('$$', '$'));
  return {
    command: [...command],
    interval: within('interval', secondsOf(written.interval) ?? DEFAULTS.interval),
    timeout: within('timeout', secondsOf(written.timeout) ?? DEFAULTS.timeout),
    retries: within('retries', written.retries ?? DEFAULTS.retries),
    startPeriod: within('startPeriod', startPeriod),
  };
}

function within(key: keyof typeof BOUNDS, value: number): number {
  const [least, most] = BOUNDS[key] as [number, number];
  return Math.min(Math.max(value, least), most);
}

function secondsOf(duration: unknown): number | undefined {
  const milliseconds = parseDuration(duration);
  return milliseconds === undefined ? undefined : Math.ceil(milliseconds / 1000);
}
