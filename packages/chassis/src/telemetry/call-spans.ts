import type * as OpenTelemetry from '@opentelemetry/api';
import type { CallTracer, TracedCall } from '../calls/call-tracing.js';
import { createSpans } from './spans.js';

/** Names and attributes: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
export function createCallTracer(api: typeof OpenTelemetry): CallTracer {
  const spans = createSpans(api);
  const spanOf = ({ service, method }: TracedCall, kind: OpenTelemetry.SpanKind) => ({
    name: `${service}/${method}`,
    kind,
    attributes: { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method },
  });
  return {
    call: (call, headers, work) => spans.sending(spanOf(call, api.SpanKind.CLIENT), headers, work),
    serve: (call, headers, work) =>
      spans.receiving(spanOf(call, api.SpanKind.SERVER), headers, work),
  };
}
