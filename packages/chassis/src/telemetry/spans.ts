import type * as OpenTelemetry from '@opentelemetry/api';

/** A span of something that is sent from one process to another. */
interface NewSpan {
  name: string;
  kind: OpenTelemetry.SpanKind;
  attributes: OpenTelemetry.Attributes;
}

/** Spans on both sides of a message, whose headers carry the trace. */
export function createSpans(api: typeof OpenTelemetry) {
  const tracer = api.trace.getTracer('@org/chassis');

  function inSpan<T>(
    { name, ...options }: NewSpan,
    parent: OpenTelemetry.Context,
    work: () => Promise<T>,
  ): Promise<T> {
    return tracer.startActiveSpan(name, options, parent, async (span) => {
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
    /** Writes the span's `traceparent` into `headers` before `work` starts. */
    sending<T>(span: NewSpan, headers: Record<string, string>, work: () => Promise<T>): Promise<T> {
      return inSpan(span, api.context.active(), () => {
        api.propagation.inject(api.context.active(), headers);
        return work();
      });
    },
    /** Creates a child of the span in `headers`. */
    receiving<T>(
      span: NewSpan,
      headers: Readonly<Record<string, string>>,
      work: () => Promise<T>,
    ): Promise<T> {
      return inSpan(span, api.propagation.extract(api.context.active(), headers), work);
    },
  };
}
