import type * as OpenTelemetry from '@opentelemetry/api';
import type { EventTracer, TracedEvent } from '../events/event-tracing.js';
import { createSpans } from './spans.js';

/** Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
export function createEventTracer(api: typeof OpenTelemetry): EventTracer {
  const spans = createSpans(api);
  const spanOf = (
    operation: 'send' | 'process',
    { system, id, name, destination }: TracedEvent,
    kind: OpenTelemetry.SpanKind,
  ) => ({
    name: `${operation} ${name}`,
    kind,
    attributes: {
      'messaging.system': system,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
      'messaging.message.id': id,
    },
  });
  return {
    publish: (event, headers, work) =>
      spans.sending(spanOf('send', event, api.SpanKind.PRODUCER), headers, work),
    handle: (event, headers, work) =>
      spans.receiving(spanOf('process', event, api.SpanKind.CONSUMER), headers, work),
  };
}
