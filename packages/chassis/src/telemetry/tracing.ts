import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { FastifyPluginCallback } from 'fastify';
import { traceCalls } from '../calls/call-tracing.js';
import { leaveTraceparentToTracing } from '../context/request-context.js';
import { missingPackage } from '../errors/errors.js';
import { traceEvents } from '../events/event-tracing.js';
import { createCallTracer } from './call-spans.js';
import { createEventTracer } from './event-spans.js';
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
