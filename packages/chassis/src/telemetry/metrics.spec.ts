import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { health } from '../service/health.js';
import { Lifecycle } from '../service/lifecycle.js';
import type { Meter } from './meter.js';
import { metrics } from './metrics.js';

let app: FastifyInstance;

afterEach(() => app.close());

async function appWithMetrics(isReady?: () => Promise<boolean>) {
  app = fastify();
  health(app, { lifecycle: new Lifecycle(), resources: [], timeoutMs: 1000 });
  await app.register(metrics, { service: 'orders', version: '1.2.3', isReady });
  app.get('/orders/:id', () => ({}));
  app.get('/hang', () => new Promise(() => {}));
  app.get('/broken', () => Promise.reject(new Error('broken')));
  return app;
}

async function scrape(): Promise<string[]> {
  const { body } = await app.inject('/metrics');
  return body.split('\n').filter((line) => line.startsWith('http_request'));
}

it('counts by route and status, never by URL', async () => {
  const app = await appWithMetrics();
  await app.inject('/orders/1?token=hunter2');
  await app.inject('/orders/2');
  await app.inject('/broken');
  await app.inject('/missing/hunter2');
  const lines = await scrape();
  const labels = (route: string, status: number) =>
    `{method="GET",route="${route}",status="${status}",service="orders",version="1.2.3"}`;
  expect(lines).toContain(`http_requests_total${labels('/orders/:id', 200)} 2`);
  expect(lines).toContain(`http_requests_total${labels('/broken', 500)} 1`);
  expect(lines).toContain(`http_requests_total${labels('unmatched', 404)} 1`);
  const durations = lines.filter((line) => line.startsWith('http_request_duration_seconds_count'));
  expect(durations.find((line) => line.includes('"/orders/:id"'))).toMatch(/ 2$/);
  expect(lines.join()).not.toContain('hunter2');
});

it('leaves out probes and its own route', async () => {
  const app = await appWithMetrics();
  for (const url of ['/health', '/ready', '/metrics']) await app.inject(url);
  expect((await scrape()).join()).not.toMatch(/health|ready|metrics/);
});

it('reduces the number in flight if the caller hangs up', async () => {
  const app = await appWithMetrics();
  const url = await app.listen({ port: 0 });
  const caller = new AbortController();
  const call = fetch(`${url}/hang`, { signal: caller.signal }).catch(() => {});
  const text = async () => (await scrape()).join();
  await expect.poll(text, { timeout: 20_000 }).toMatch(/http_requests_in_flight\{[^}]*\} 1/);
  caller.abort();
  await call;
  await expect.poll(text, { timeout: 20_000 }).toMatch(/http_requests_in_flight\{[^}]*\} 0/);
  expect(await text()).toContain('route="/hang",status="499"');
});

it('says at each scrape whether the service is ready', async () => {
  let ready = true;
  const app = await appWithMetrics(() => Promise.resolve(ready));
  const value = async () =>
    /^service_ready\{[^}]*\} (.*)$/m.exec((await app.inject('/metrics')).body)?.[1];
  expect(await value()).toBe('1');
  ready = false;
  expect(await value()).toBe('0');
});

it('includes the event loop and the process', async () => {
  const { body, headers } = await (await appWithMetrics()).inject('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  expect(body).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(body).toContain('process_resident_memory_bytes');
});

it('includes the metrics of resources', async () => {
  app = fastify();
  let meter: Meter | undefined;
  const onMeter = (given: Meter) => void (meter = given);
  await app.register(metrics, { service: 'orders', version: '1.2.3', onMeter });
  // Two brokers of a service are counted together.
  for (const outcome of ['confirmed', 'failed', 'failed']) {
    meter!.counter('events_total', 'Events.', ['outcome']).inc({ outcome });
  }
  meter!.histogram('event_seconds', 'Time.', ['event']).observe({ event: 'order.placed' }, 0.2);
  meter!.gauge('events_pending', 'Waiting.').set(7);
  const { body } = await app.inject('/metrics');
  const labels = 'service="orders",version="1.2.3"';
  expect(body).toContain(`events_total{outcome="confirmed",${labels}} 1`);
  expect(body).toContain(`events_total{outcome="failed",${labels}} 2`);
  expect(body).toContain(`event_seconds_bucket{le="0.25",${labels},event="order.placed"} 1`);
  expect(body).toContain(`events_pending{${labels}} 7`);
});
