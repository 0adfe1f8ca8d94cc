/** What a span is about. */
export interface TracedEvent {
  readonly id: string;
  readonly name: string;
  /** Of the broker. */
  readonly destination: string;
}

/** Makes spans; `@org/chassis/tracing` has it, so that nothing else needs OpenTelemetry. */
export interface EventTracer {
  /** Writes the span's `traceparent` into `headers` before `work` begins. */
  publish<T>(
    event: TracedEvent,
    headers: Record<string, string>,
    work: () => Promise<T>,
  ): Promise<T>;
  /** A child of the span that `headers` tell of. */
  handle<T>(
    event: TracedEvent,
    headers: Readonly<Record<string, string>>,
    work: () => Promise<T>,
  ): Promise<T>;
}

const NO_TRACER: EventTracer = {
  publish: (_event, _headers, work) => work(),
  handle: (_event, _headers, work) => work(),
};

let tracer = NO_TRACER;

export function eventTracer(): EventTracer {
  return tracer;
}

/** As long as tracing is on; `undefined` ends it. */
export function traceEvents(given: EventTracer | undefined): void {
  tracer = given ?? NO_TRACER;
}
