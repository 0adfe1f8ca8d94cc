export { startTracing, type Tracing, type TracingOptions } from './telemetry/tracing.js';
