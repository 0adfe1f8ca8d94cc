import { setTimeout as sleep } from 'node:timers/promises';
import {
  fastify,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyPluginCallback,
  type FastifyServerOptions,
} from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { ZodRawShape } from 'zod';
import { requestContext, requestIdOptions } from '../context/request-context.js';
import { errorAnswers, MissingPackageError } from '../errors/errors.js';
import { loggerOptions, logWritten } from '../telemetry/logger.js';
import { NO_METER, type Meter } from '../telemetry/meter.js';
import type * as metricsModule from '../telemetry/metrics.js';
import type * as tracingModule from '../telemetry/tracing.js';
import type { CompanionServer } from './companion-server.js';
import { CommandError, runCommand, type Command } from './command.js';
import {
  ConfigError,
  readConfig,
  type Config,
  type ConfigProblem,
  type ServiceConfig,
} from './config.js';
import { health, isUsable, type HealthDetails } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { privatePeers } from './private-peers.js';
import type { Resource } from './resource.js';
import {
  acceptBeforeClosing,
  closeResources,
  drain,
  OpenRequests,
  stopOnSignals,
  stopResources,
} from './shutdown.js';
import { endSilentBodies, HEADERS_CHECK_MS, HEADERS_TIMEOUT_MS } from './request-timeouts.js';
import { trustProxy } from './trust-proxy.js';

/** How often resources that are missing at startup are checked again. */
const RETRY_MS = 500;

/** A function, or a Fastify plugin of either kind. */
export type Routes = (
  app: FastifyInstance,
  options: Record<never, never>,
  done: (error?: Error) => void,
) => void | Promise<void>;

export interface ServiceOptions<C extends ServiceConfig = ServiceConfig> {
  name: string;
  config: C;
  /** Checked by `/ready`, started when the service is ready, closed at the end. Names are unique. */
  resources?: readonly Resource[];
  /** More fields for the answer of `/health`, which is 200 in any case: `gateway.health`. */
  health?: HealthDetails;
  /** Fastify plugins and routes of the service. Registered after the chassis' own. */
  routes?: Routes;
  /**
   * `() => import('@org/chassis/metrics')`, loaded if `METRICS` is on. The service passes it, so that its bundle
   * includes metrics only if the service wants them, whatever else is installed in the workspace.
   */
  metrics?: () => Promise<typeof metricsModule>;
  /** `() => import('@org/chassis/tracing')`: loaded if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. */
  tracing?: () => Promise<typeof tracingModule>;
  /** `grpcServer(…)` of `@org/chassis/grpc`: listens before the service is ready, and ends when open calls are answered. */
  grpc?: CompanionServer;
  /** Passed to Fastify. A body may have 1 MiB unless `bodyLimit` says otherwise. */
  fastify?: Partial<FastifyServerOptions>;
}

export interface Service {
  readonly app: FastifyInstance;
  readonly lifecycle: Lifecycle;
  /** Listens (unless requests come in another way), then checks the resources. While one is missing, `/ready` is 503. */
  start(options?: { listen?: boolean }): Promise<void>;
  /** Answers requests that have arrived, then closes the resources. Several calls stop it once. */
  stop(): Promise<void>;
  /** What a stop is still waiting for, one line each: requests, then resources. */
  underWay(): string[];
}

/** Creates a service without listening, so that tests can use `service.app.inject`. */
export function createService<C extends ServiceConfig>(options: ServiceOptions<C>): Service {
  const { name, config, resources = [], routes, grpc } = options;
  const lifecycle = new Lifecycle();
  const app: FastifyInstance = fastify({
    ...requestIdOptions(),
    logger: loggerOptions(name, config),
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: HEADERS_CHECK_MS },
    trustProxy: trustProxy(config.TRUST_PROXY),
    // Requests that arrive during a stop are served, on a connection that closes with the answer.
    return503OnClosing: false,
    ...options.fastify,
  });

  const requests = new OpenRequests(app);
  acceptBeforeClosing(app);
  endSilentBodies(app, requests);
  requestContext(app);
  errorAnswers(app);
  const mayAsk = privatePeers(config.PROBE_NETWORKS);
  const checks = health(app, {
    lifecycle,
    resources,
    timeoutMs: config.READY_TIMEOUT_MS,
    details: options.health,
    mayAsk,
  });
  const { tracing, metrics } = observability(options);
  if (tracing) app.register(tracingPlugin(name, config, tracing));
  const isReady = async () => isUsable(await checks.run()) && lifecycle.state === 'ready';
  let meter = NO_METER;
  if (metrics) {
    const hooks = { onMeter: (given: Meter) => void (meter = given), isReady, mayAsk };
    app.register(metricsPlugin(name, config, metrics, hooks));
  }
  if (routes) app.register(routesPlugin(routes));

  const closing = new Set<Resource>();
  let stopped: Promise<void> | undefined;

  async function becomeReady(): Promise<boolean> {
    if (!isUsable(await checks.run())) return false;
    lifecycle.ready();
    if (lifecycle.state === 'ready') await startResources();
    return true;
  }

  async function startResources(): Promise<void> {
    const host = { log: app.log, meter, stopTimeoutMs: config.STOP_TIMEOUT_MS };
    await Promise.all(resources.map(async (resource) => resource.start?.(host)));
  }

  async function retry(): Promise<void> {
    while (lifecycle.state === 'starting') {
      await sleep(RETRY_MS, undefined, { ref: false });
      if (lifecycle.state === 'starting' && (await becomeReady())) app.log.info('ready');
    }
  }

  async function stop(): Promise<void> {
    lifecycle.stop();
    const stopped = stopResources(resources);
    requests.announceClose();
    // Closing immediately would reset connections whose next request is on its way.
    if (app.server.listening) await sleep(config.STOP_DELAY_MS);
    await Promise.all([drain(app, requests), grpc?.close()]);
    await stopped;
    await closeResources(resources, closing);
  }

  return {
    app,
    lifecycle,
    start: async ({ listen = true } = {}) => {
      if (listen) await app.listen({ host: config.HOST, port: config.PORT });
      else await app.ready();
      if (listen) await grpc?.listen({ address: config.HOST, log: app.log, meter, isReady });
      if (!(await becomeReady())) void retry();
    },
    stop: () => (stopped ??= stop()),
    underWay: () => [
      ...requests.describe(),
      ...(grpc?.underWay() ?? []),
      ...[...closing].map((resource) => `closing ${resource.name}`),
    ],
  };
}

/** Registers the routes in their own context, so that hooks of a service do not apply to the chassis' own routes. */
function routesPlugin(routes: Routes): FastifyPluginAsync | FastifyPluginCallback {
  // Only a callback plugin has a third parameter, and only it ends by calling that.
  if (routes.length >= 3) return routes;
  return async (app: FastifyInstance) => routes(app, {}, () => {});
}

/**
 * Which of metrics and traces are on. @throws {ConfigError} if the configuration needs one that the service does not
 * include.
 */
function observability<C extends ServiceConfig>(
  options: ServiceOptions<C>,
): Pick<ServiceOptions, 'metrics' | 'tracing'> {
  const { name, config, metrics, tracing } = options;
  const asked = {
    METRICS: config.METRICS === 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
  };
  const problems = [
    ...(asked.METRICS && !metrics ? [missing('METRICS', 'metrics')] : []),
    ...(asked.OTEL_EXPORTER_OTLP_ENDPOINT && !tracing
      ? [missing('OTEL_EXPORTER_OTLP_ENDPOINT', 'tracing')]
      : []),
  ];
  if (problems.length > 0) throw new ConfigError(name, problems);
  return {
    metrics: asked.METRICS ? metrics : undefined,
    tracing: asked.OTEL_EXPORTER_OTLP_ENDPOINT ? tracing : undefined,
  };
}

function missing(variable: string, concern: string): ConfigProblem {
  return {
    variable,
    message: `set, but the service has none: pass createService ${concern}: () => import('@org/chassis/${concern}')`,
  };
}

// Imported only if they are on, so that unused features do not slow down the start.

function metricsPlugin(
  service: string,
  config: ServiceConfig,
  load: NonNullable<ServiceOptions['metrics']>,
  hooks: Pick<metricsModule.MetricsOptions, 'onMeter' | 'isReady' | 'mayAsk'>,
): FastifyPluginAsync {
  return fastifyPlugin(async (app: FastifyInstance) => {
    const { metrics } = await load();
    await app.register(metrics, { service, version: config.SERVICE_VERSION, ...hooks });
  });
}

function tracingPlugin(
  service: string,
  config: ServiceConfig,
  load: NonNullable<ServiceOptions['tracing']>,
): FastifyPluginAsync {
  return fastifyPlugin(async (app: FastifyInstance) => {
    const { startTracing } = await load();
    const tracing = await startTracing({
      service,
      version: config.SERVICE_VERSION,
      endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT!,
    });
    await app.register(tracing.plugin);
    app.addHook('onClose', () => tracing.stop());
  });
}

export interface RunOptions {
  /** `node main.js <command>` runs it instead of the service. The process then ends with 0, or with 1 if it fails. */
  commands?: Readonly<Record<string, Command>>;
  /**
   * Commands that run before the service starts if `NODE_ENV` is `development`, because there is no deploy that would
   * run them.
   */
  inDevelopment?: readonly string[];
}

/**
 * The whole life of a service: configuration, creation, listening, signals. If it cannot start, it says why, and the
 * process ends with 1.
 *
 * @param create creates it from its configuration, with `createService`.
 */
export async function runService<S extends ZodRawShape>(
  name: string,
  variables: S,
  create: (config: Config<S>) => Service | Promise<Service>,
  { commands = {}, inDevelopment = [] }: RunOptions = {},
): Promise<void> {
  let service: Service | undefined;
  try {
    const asked = process.argv[2];
    if (asked !== undefined) return await runCommand(name, asked, commands);
    const config = readConfig(name, variables, process.env);
    if ((config as ServiceConfig).NODE_ENV === 'development') {
      for (const command of inDevelopment) await runCommand(name, command, commands);
    }
    const { STOP_TIMEOUT_MS } = config as ServiceConfig;
    stopOnSignals(STOP_TIMEOUT_MS, () => service && stoppable(service));
    service = await create(config);
    if (service.lifecycle.state === 'starting') await service.start();
  } catch (error) {
    // A stop during startup is not a failure.
    if (service?.lifecycle.state !== 'stopping') await failToStart(error, service);
  }
}

function stoppable(service: Service) {
  return { log: service.app.log, stop: service.stop, underWay: service.underWay };
}

async function failToStart(error: unknown, service: Service | undefined): Promise<never> {
  const isOurs =
    error instanceof ConfigError ||
    error instanceof MissingPackageError ||
    error instanceof CommandError;
  if (!service) console.error(isOurs ? error.message : error);
  else if (isOurs) service.app.log.fatal(error.message);
  else service.app.log.fatal({ err: error }, 'could not start');
  // Without waiting for long, because nothing was served yet.
  await Promise.race([service?.stop().catch(() => {}), sleep(1000)]);
  await logWritten();
  process.exit(1);
}
