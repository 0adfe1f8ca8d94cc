import type * as OpenTelemetry from '@opentelemetry/api';
import type { CallTracer, TracedCall } from '../calls/call-tracing.js';

/** Names and attributes: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
export function createCallTracer(api: typeof OpenTelemetry): CallTracer {
  const tracer = api.trace.getTracer('@org/chassis');

  function inSpan<T>(
    { service, method }: TracedCall,
    kind: OpenTelemetry.SpanKind,
    parent: OpenTelemetry.Context,
    work: () => Promise<T>,
  ): Promise<T> {
    const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
    const options = { kind, attributes };
    return tracer.startActiveSpan(`${service}/${method}`, options, parent, async (span) => {
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
    call: (call, headers, work) =>
      inSpan(call, api.SpanKind.CLIENT, api.context.active(), () => {
        api.propagation.inject(api.context.active(), headers);
        return work();
      }),
    serve: (call, headers, work) => {
      const parent = api.propagation.extract(api.context.active(), headers);
      return inSpan(call, api.SpanKind.SERVER, parent, work);
    },
  };
}
