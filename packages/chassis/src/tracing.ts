import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { FastifyPluginCallback } from 'fastify';
import { missingPackage } from './errors.js';
import { leaveTraceparentToTracing } from './request-context.js';

/** A collector that is down must not hold up a stop. */
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
  /** Base URL of an OTLP/HTTP collector; `/v1/traces` is appended. */
  endpoint: string;
  /** Takes the spans instead of the collector: for tests. */
  processor?: SpanProcessor;
}

export interface Tracing {
  /** To be registered before the routes that it traces. */
  plugin: FastifyPluginCallback;
  /** Sends what is left, for 2 s at most. */
  stop(): Promise<void>;
}

/**
 * One span per request and per outgoing `fetch`, passed on as W3C trace context. Routes with
 * `config: { otel: false }`, as `/health`, `/ready` and `/metrics`, have none.
 *
 * @throws {MissingPackageError} where the packages of OpenTelemetry are not installed.
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
      options.processor ?? new sdk.BatchSpanProcessor(new otlp.OTLPTraceExporter({ url })),
    ],
  });
  provider.register();

  const requests = new otel.FastifyOtelInstrumentation({
    // A span per hook says little for its cost; that of the handler carries the context past a parsed body.
    instrumentHooks: false,
    requestHook: (span, request) => span.setAttribute('request.id', request.id),
  });
  requests.setTracerProvider(provider);
  const calls = new undici.UndiciInstrumentation({ requireParentforSpans: true });
  calls.setTracerProvider(provider);
  leaveTraceparentToTracing(true);

  return {
    plugin: requests.plugin(),
    stop: async () => {
      leaveTraceparentToTracing(false);
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
