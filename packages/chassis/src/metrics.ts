export { metrics, type MetricsOptions } from './telemetry/metrics.js';
