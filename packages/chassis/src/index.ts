export { command, CommandError, runCommand, type Command } from './service/command.js';
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
} from './service/config.js';
export { connectionUrl } from './connections/connection-variable.js';
export { errorAnswers, formatReason, HttpError, MissingPackageError } from './errors/errors.js';
export {
  health,
  isUsable,
  PROBE_ROUTE,
  ResourceChecks,
  type CheckResults,
  type HealthDetails,
  type HealthOptions,
} from './service/health.js';
export { Lifecycle, type LifecycleState } from './service/lifecycle.js';
export { createLogger, loggerOptions, REDACTED_PATHS, type LogConfig } from './telemetry/logger.js';
export { DEADLINE_HEADER, REQUEST_ID_HEADER } from './context/headers.js';
export {
  contextHeaders,
  currentContext,
  parseContext,
  remainingMs,
  requestContext,
  requestIdOptions,
  runInContext,
  type RequestContext,
} from './context/request-context.js';
export type { Log } from './telemetry/log.js';
export type { Counter, Gauge, Histogram, Meter, MetricLabels } from './telemetry/meter.js';
export {
  groupByClosing,
  RESOURCE_KINDS,
  type Resource,
  type ResourceHost,
  type ResourceKind,
} from './service/resource.js';
export {
  createService,
  runService,
  type Routes,
  type RunOptions,
  type Service,
  type ServiceOptions,
} from './service/service.js';
export {
  closeResources,
  drain,
  OpenRequests,
  stopOnSignals,
  stopResources,
  type Stoppable,
} from './service/shutdown.js';
