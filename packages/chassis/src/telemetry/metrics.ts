import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type * as Prometheus from 'prom-client';
import { missingPackage } from '../errors/errors.js';
import { probeRoute } from '../service/health.js';
import type { Meter } from './meter.js';

/** Seconds. The defaults of Prometheus, plus 1 ms and 2.5 ms, because calls between services are short. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** The status that nginx logs if the caller hung up before the answer. */
const CLIENT_CLOSED_REQUEST = 499;

export interface MetricsOptions {
  service: string;
  version: string;
  /** Adds metrics of resources, and your own, to the same registry. */
  onMeter?: (meter: Meter) => void;
  /** Whether `/ready` would answer 200 now; called at each scrape. Without it, there is no `service_ready`. */
  isReady?: () => Promise<boolean>;
  /** Who may call; others get a 404. Default: everyone. */
  mayAsk?: (request: FastifyRequest) => boolean;
}

/**
 * `GET /metrics` for Prometheus: requests by method, route and status, with duration and number in flight; the process
 * (memory, CPU, event loop, GC); and whether it is ready. The route is the pattern, never the URL.
 */
export const metrics = fastifyPlugin(
  async (app: FastifyInstance, { service, version, onMeter, isReady, mayAsk }: MetricsOptions) => {
    const prometheus = await import('prom-client').catch(
      missingPackage('METRICS=on', 'prom-client'),
    );
    const registry = new prometheus.Registry();
    registry.setDefaultLabels({ service, version });
    prometheus.collectDefaultMetrics({ register: registry });
    onMeter?.(meterOf(prometheus, registry));

    const labelNames = ['method', 'route', 'status'] as const;
    const total = new prometheus.Counter({
      name: 'http_requests_total',
      help: 'Requests that were answered.',
      labelNames,
      registers: [registry],
    });
    const duration = new prometheus.Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from a request to the end of its answer.',
      labelNames,
      buckets: BUCKETS,
      registers: [registry],
    });
    let inFlight = 0;
    new prometheus.Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that are not answered yet.',
      registers: [registry],
      collect() {
        this.set(inFlight);
      },
    });
    if (isReady) {
      new prometheus.Gauge({
        name: 'service_ready',
        help: '1 while /ready answers 200, else 0.',
        registers: [registry],
        async collect() {
          this.set((await isReady()) ? 1 : 0);
        },
      });
    }

    const record = (route: string, { method }: FastifyRequest, reply: FastifyReply): void => {
      const status = reply.raw.writableEnded ? reply.statusCode : CLIENT_CLOSED_REQUEST;
      const labels = { method, route, status };
      inFlight--;
      total.inc(labels);
      duration.observe(labels, reply.elapsedTime / 1000);
    };

    app.addHook('onRequest', (request, reply, done) => {
      // Once, because Fastify makes a new object each time.
      const { url: route = 'unmatched', config } = request.routeOptions;
      if (isCounted(config)) {
        inFlight++;
        // Unlike Fastify's onResponse, this also fires if the caller hangs up.
        reply.raw.once('close', () => record(route, request, reply));
      }
      done();
    });

    app.get('/metrics', probeRoute(mayAsk), async (_request, reply) => {
      const text = await registry.metrics();
      return reply.type(registry.contentType).send(text);
    });
  },
  { name: 'chassis-metrics' },
);

function meterOf(prometheus: typeof Prometheus, registry: Prometheus.Registry): Meter {
  const registers = [registry];
  function shared<M extends Prometheus.Metric>(name: string, make: () => M): M {
    return (registry.getSingleMetric(name) as M | undefined) ?? make();
  }
  return {
    counter: (name, help, labelNames) =>
      shared(name, () => new prometheus.Counter({ name, help, labelNames, registers })),
    histogram: (name, help, labelNames) =>
      shared(
        name,
        () => new prometheus.Histogram({ name, help, labelNames, buckets: BUCKETS, registers }),
      ),
    gauge: (name, help) => shared(name, () => new prometheus.Gauge({ name, help, registers })),
  };
}

/** `config: { metrics: false }` excludes a route. */
function isCounted(config: object): boolean {
  return (config as { metrics?: boolean }).metrics !== false;
}
