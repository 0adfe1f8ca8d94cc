export { command, CommandError, runCommand, type Command } from './command.js';
export {
  ConfigError,
  formatVariables,
  readConfig,
  readVariables,
  secret,
  serviceVariables,
  type Config,
  type ConfigProblem,
  type ServiceConfig,
  type ServiceVariables,
} from './config.js';
export { errorAnswers, formatReason, HttpError, MissingPackageError } from './errors.js';
export {
  health,
  isUsable,
  PROBE_ROUTE,
  ResourceChecks,
  type CheckResults,
  type HealthOptions,
} from './health.js';
export { Lifecycle, type LifecycleState } from './lifecycle.js';
export { createLogger, loggerOptions, REDACTED_PATHS, type LogConfig } from './logger.js';
export {
  contextHeaders,
  currentContext,
  DEADLINE_HEADER,
  parseContext,
  remainingMs,
  REQUEST_ID_HEADER,
  requestContext,
  requestIdOptions,
  runInContext,
  type RequestContext,
} from './request-context.js';
export type { Log } from './log.js';
export type { Counter, Gauge, Histogram, Meter, MetricLabels } from './meter.js';
export {
  groupByClosing,
  RESOURCE_KINDS,
  type Resource,
  type ResourceHost,
  type ResourceKind,
} from './resource.js';
export {
  createService,
  runService,
  type Routes,
  type RunOptions,
  type Service,
  type ServiceOptions,
} from './service.js';
export {
  closeResources,
  drain,
  OpenRequests,
  stopOnSignals,
  stopResources,
  type Stoppable,
} from './shutdown.js';
