import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { health } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { contextHeaders, requestContext, requestIdOptions } from './request-context.js';
import { startTracing, type Tracing } from './tracing.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

const exporter = new InMemorySpanExporter();
let tracing: Tracing;
let provider: FastifyInstance;
let app: FastifyInstance;
let url: string;
let received: (string | string[] | undefined)[];

beforeEach(async () => {
  exporter.reset();
  received = [];
  provider = fastify();
  provider.get('/', (request) => {
    received.push(request.headers.traceparent);
    return {};
  });
  const providerUrl = await provider.listen({ port: 0, host: '127.0.0.1' });

  tracing = await startTracing({
    service: 'orders',
    version: '1.2.3',
    endpoint: 'http://127.0.0.1:9',
    processor: new SimpleSpanProcessor(exporter),
  });
  app = fastify(requestIdOptions());
  health(app, { lifecycle: new Lifecycle(), resources: [], timeoutMs: 1000 });
  await app.register(tracing.plugin);
  requestContext(app);
  const call = async () => {
    await (await fetch(providerUrl, { headers: contextHeaders() })).text();
    return {};
  };
  app.get('/orders/:id', call);
  app.post('/orders', call);
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(async () => {
  await app.close();
  await provider.close();
  await tracing.stop();
});

it('continues the trace of the caller, to the next service', async () => {
  await (await fetch(`${url}/orders/12`, { headers: { traceparent } })).text();
  expect(received).toEqual([expect.stringMatching(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`))]);
  const spans = exporter.getFinishedSpans();
  expect(spans.length).toBeGreaterThanOrEqual(2);
  for (const span of spans) expect(span.spanContext().traceId).toBe(TRACE_ID);
  const [request] = spans.filter(({ attributes }) => attributes['request.id'] !== undefined);
  expect(request?.attributes).toMatchObject({
    'http.route': '/orders/:id',
    'request.id': TRACE_ID,
  });
});

it('does so after a parsed body', async () => {
  const init = {
    method: 'POST',
    headers: { traceparent, 'content-type': 'application/json' },
    body: '{}',
  };
  await (await fetch(`${url}/orders`, init)).text();
  expect(received).toEqual([expect.stringContaining(TRACE_ID)]);
});

it('leaves out probes', async () => {
  await (await fetch(`${url}/health`)).text();
  await (await fetch(`${url}/ready`)).text();
  const routes = exporter.getFinishedSpans().map(({ attributes }) => attributes['url.path']);
  expect(routes).not.toContain('/health');
  expect(routes).not.toContain('/ready');
});
