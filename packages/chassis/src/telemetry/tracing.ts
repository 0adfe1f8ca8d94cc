import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { FastifyPluginCallback } from 'fastify';
import { traceCalls } from '../calls/call-tracing.js';
import { leaveTraceparentToTracing } from '../context/request-context.js';
import { missingPackage } from '../errors/errors.js';
import { traceEvents, type EventTracer, type TracedEvent } from '../events/event-tracing.js';
import { createCallTracer } from './call-spans.js';
import { safeSpans } from './safe-spans.js';

/** A stop waits no longer for a collector that is down. */
const FLUSH_TIMEOUT_MS = 2000;

const PACKAGES = [
  '@fastify/otel',
  '@opentelemetry/api',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation-undici',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-node',
];

export interface TracingOptions {
  service: string;
  version: string;
  /** The base URL of an OTLP/HTTP collector. `/v1/traces` is appended. */
  endpoint: string;
  /** Gets the spans instead of the collector; for tests. */
  processor?: SpanProcessor;
}

export interface Tracing {
  /** Register it before the routes that it traces. */
  plugin: FastifyPluginCallback;
  /** Sends the remaining spans, for 2 s at most. */
  stop(): Promise<void>;
}

/**
 * One span per request, outgoing `fetch`, gRPC call on either side, published event and handled event, passed on as W3C trace context. Routes
 * with `config: { otel: false }`, such as `/health`, `/ready` and `/metrics`, have none.
 *
 * @throws {MissingPackageError} if the packages of OpenTelemetry are not installed.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const missing = missingPackage('OTEL_EXPORTER_OTLP_ENDPOINT', ...PACKAGES);
  const [otel, api, otlp, undici, resources, sdk] = await Promise.all([
    import('@fastify/otel').catch(missing),
    import('@opentelemetry/api').catch(missing),
    import('@opentelemetry/exporter-trace-otlp-http').catch(missing),
    import('@opentelemetry/instrumentation-undici').catch(missing),
    import('@opentelemetry/resources').catch(missing),
    import('@opentelemetry/sdk-trace-node').catch(missing),
  ]);

  const url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`;
  const provider = new sdk.NodeTracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': options.service,
      'service.version': options.version,
    }),
    spanProcessors: [
      safeSpans(
        options.processor ?? new sdk.BatchSpanProcessor(new otlp.OTLPTraceExporter({ url })),
      ),
    ],
  });
  provider.register();

  const requests = new otel.FastifyOtelInstrumentation({
    // No span per hook: it costs more than it says. The span of the handler carries the context past a parsed body.
    instrumentHooks: false,
    requestHook: (span, request) => span.setAttribute('request.id', request.id),
  });
  requests.setTracerProvider(provider);
  const calls = new undici.UndiciInstrumentation({ requireParentforSpans: true });
  calls.setTracerProvider(provider);
  leaveTraceparentToTracing(true);
  traceEvents(createEventTracer(api));
  traceCalls(createCallTracer(api));

  return {
    plugin: requests.plugin(),
    stop: async () => {
      leaveTraceparentToTracing(false);
      traceEvents(undefined);
      traceCalls(undefined);
      requests.disable();
      calls.disable();
      await Promise.race([
        provider.shutdown().catch(() => {}),
        sleep(FLUSH_TIMEOUT_MS, undefined, { ref: false }),
      ]);
      api.trace.disable();
      api.context.disable();
      api.propagation.disable();
    },
  };
}

/** Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
function createEventTracer(api: typeof OpenTelemetry): EventTracer {
  const tracer = api.trace.getTracer('@org/chassis');

  function inSpan<T>(
    operation: 'send' | 'process',
    { id, name, destination }: TracedEvent,
    kind: OpenTelemetry.SpanKind,
    parent: OpenTelemetry.Context,
    work: () => Promise<T>,
  ): Promise<T> {
    const attributes = {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
      'messaging.message.id': id,
    };
    const options = { kind, attributes };
    return tracer.startActiveSpan(`${operation} ${name}`, options, parent, async (span) => {
      try {
        return await work();
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  return {
    publish: (event, headers, work) =>
      inSpan('send', event, api.SpanKind.PRODUCER, api.context.active(), () => {
        api.propagation.inject(api.context.active(), headers);
        return work();
      }),
    handle: (event, headers, work) => {
      const parent = api.propagation.extract(api.context.active(), headers);
      return inSpan('process', event, api.SpanKind.CONSUMER, parent, work);
    },
  };
}
