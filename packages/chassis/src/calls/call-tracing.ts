/** A call of a method of a service, as the names of spans and their attributes say it. */
export interface TracedCall {
  /** `inventory.v1.InventoryService` */
  readonly service: string;
  /** `GetStock` */
  readonly method: string;
}

/** Creates spans of gRPC calls. `@org/chassis/tracing` implements it, so that nothing else needs OpenTelemetry. */
export interface CallTracer {
  /** Writes the span's `traceparent` into `headers` before `work` starts. */
  call<T>(call: TracedCall, headers: Record<string, string>, work: () => Promise<T>): Promise<T>;
  /** Creates a child of the span in `headers`. */
  serve<T>(
    call: TracedCall,
    headers: Readonly<Record<string, string>>,
    work: () => Promise<T>,
  ): Promise<T>;
}

const NO_TRACER: CallTracer = {
  call: (_call, _headers, work) => work(),
  serve: (_call, _headers, work) => work(),
};

let tracer = NO_TRACER;

export function callTracer(): CallTracer {
  return tracer;
}

/** Set while tracing is on; `undefined` turns it off. */
export function traceCalls(given: CallTracer | undefined): void {
  tracer = given ?? NO_TRACER;
}
