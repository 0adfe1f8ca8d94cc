import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contextHeaders, requestContext, requestIdOptions } from '../context/request-context.js';
import { HttpError } from '../errors/errors.js';
import { eventTracer } from '../events/event-tracing.js';
import { createGrpcClient } from '../grpc/client.js';
import { health } from '../service/health.js';
import { Lifecycle } from '../service/lifecycle.js';
import { startShelf } from '../testing/shelf.js';
import { ShelfService } from '../testing/shelf_pb.js';
import { startTracing, type Tracing } from './tracing.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

const placed = {
  system: 'rabbitmq',
  id: 'event-1',
  name: 'order.placed',
  destination: 'events',
} as const;

/** A new one for each test, so that it gets no spans of the next. */
let exporter: InMemorySpanExporter;
let tracing: Tracing;
let provider: FastifyInstance;
let app: FastifyInstance;
let url: string;
/** Headers of the event that `/publish` has published. */
let published: Record<string, string>;
let received: (string | string[] | undefined)[];

beforeEach(async () => {
  exporter = new InMemorySpanExporter();
  received = [];
  published = {};
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
  app.get('/fails', async () => {
    await fetch(`${providerUrl}/none?access_token=hunter2`);
    throw new Error('sent Bearer hunter2 to http://me:hunter2@orders');
  });
  app.get('/publish', () => eventTracer().publish(placed, published, () => Promise.resolve({})));
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(async () => {
  await app.close();
  await provider.close();
  await tracing.stop();
});

it("continues the caller's trace, and passes it to the next service", async () => {
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

it('continues from a request over an event to the calls of its handler', async () => {
  await (await fetch(`${url}/publish`, { headers: { traceparent } })).text();
  expect(published.traceparent).toContain(TRACE_ID);
  await eventTracer().handle({ ...placed, destination: 'billing:order.placed' }, published, () =>
    fetch(`${url}/orders/12`).then((response) => response.text()),
  );
  const spans = exporter.getFinishedSpans();
  const [sent, handled] = ['send', 'process'].map((operation) =>
    spans.find(({ name }) => name === `${operation} order.placed`),
  );
  expect(sent).toMatchObject({
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'events',
      'messaging.message.id': 'event-1',
    },
  });
  expect(handled?.kind).toBe(SpanKind.CONSUMER);
  expect(handled?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
  for (const span of spans) expect(span.spanContext().traceId).toBe(TRACE_ID);
  expect(spans.some(({ kind }) => kind === SpanKind.CLIENT)).toBe(true);
});

it('records a handler that failed', async () => {
  const handling = eventTracer().handle(placed, {}, () => Promise.reject(new Error('no stock')));
  await expect(handling).rejects.toThrow('no stock');
  await expect
    .poll(() => exporter.getFinishedSpans()[0])
    .toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      events: [{ name: 'exception', attributes: { 'exception.message': 'no stock' } }],
    });
});

it('creates no spans for events after it has stopped', async () => {
  await tracing.stop();
  const publish = eventTracer().publish(placed, published, () => Promise.resolve('sent'));
  expect(await publish).toBe('sent');
  expect(published).toEqual({});
});

it('keeps secrets of queries and messages out of spans', async () => {
  await (await fetch(`${url}/fails?api_key=hunter2`, { headers: { traceparent } })).text();
  const spans = exporter.getFinishedSpans();
  const recorded = spans.map(({ attributes, events, status }) => ({ attributes, events, status }));
  expect(JSON.stringify(recorded)).toContain('api_key=***');
  expect(JSON.stringify(recorded)).toContain('access_token=***');
  expect(JSON.stringify(recorded)).toContain('sent Bearer ***');
  expect(JSON.stringify(recorded)).not.toContain('hunter2');
});

it('gives a call over gRPC a span on both sides, in one trace', async () => {
  const shelf = await startShelf({
    getBook: ({ title }) => {
      if (title === '') throw new HttpError(404, 'there is no such book');
      return { title };
    },
  });
  try {
    const client = createGrpcClient('shelf', ShelfService, { url: shelf.url, retries: 0 });
    await client.getBook({ title: 'Emma' });
    await expect(client.getBook({ title: '' })).rejects.toThrow();
  } finally {
    await shelf.service.stop();
  }
  const spans = exporter.getFinishedSpans().filter((span) => span.attributes['rpc.system']);
  const [served, sent, refused, failed] = spans;
  expect(spans.map(({ kind }) => kind)).toEqual([
    ...[SpanKind.SERVER, SpanKind.CLIENT],
    ...[SpanKind.SERVER, SpanKind.CLIENT],
  ]);
  for (const span of spans) {
    expect(span.name).toBe('shelf.v1.ShelfService/GetBook');
    expect(span.attributes).toEqual({
      'rpc.system': 'grpc',
      'rpc.service': 'shelf.v1.ShelfService',
      'rpc.method': 'GetBook',
    });
  }
  expect(served!.parentSpanContext?.spanId).toBe(sent!.spanContext().spanId);
  expect(served!.spanContext().traceId).toBe(sent!.spanContext().traceId);
  expect(sent!.status.code).toBe(SpanStatusCode.UNSET);
  for (const span of [refused, failed]) expect(span!.status.code).toBe(SpanStatusCode.ERROR);
});
