import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { hideSecrets } from '../errors/hide-secrets.js';

/**
 * Hides secrets in the attributes of spans and their events, because instrumentations record whole URLs and error
 * messages.
 */
export function safeSpans(next: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, context) => next.onStart(span, context),
    onEnd: (span) => {
      hideInAttributes(span.attributes);
      for (const { attributes = {} } of span.events) hideInAttributes(attributes);
      const { message } = span.status;
      if (message !== undefined) span.status.message = hideSecrets(message);
      next.onEnd(span);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

function hideInAttributes(attributes: ReadableSpan['attributes']): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') attributes[name] = hideSecrets(value);
  }
}
