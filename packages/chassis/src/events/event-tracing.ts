import type { MessagingSystem } from './broker.js';

/** The attributes of a span. */
export interface TracedEvent {
  readonly system: MessagingSystem;
  readonly id: string;
  readonly name: string;
  /** The exchange, queue or subject. */
  readonly destination: string;
}

/** Creates spans. `@org/chassis/tracing` implements it, so that nothing else needs OpenTelemetry. */
export interface EventTracer {
  /** Writes the span's `traceparent` into `headers` before `work` starts. */
  publish<T>(
    event: TracedEvent,
    headers: Record<string, string>,
    work: () => Promise<T>,
  ): Promise<T>;
  /** Creates a child of the span in `headers`. */
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

/** Set while tracing is on; `undefined` turns it off. */
export function traceEvents(given: EventTracer | undefined): void {
  tracer = given ?? NO_TRACER;
}
