import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatReason } from '../errors/errors.js';
import type { Lifecycle } from './lifecycle.js';
import type { Resource } from './resource.js';

/** Probes of several sources within this time share one check, so that they are no load for a database. */
const SHARED_MS = 250;

/** Options of routes that the platform itself asks, often: only trouble is logged, and none is counted. */
export const PROBE_ROUTE = {
  logLevel: 'warn',
  config: { auth: false, metrics: false, otel: false, rateLimit: false },
} as const;

/** The same, for those who may ask: for others there is no such route. */
export function probeRoute(mayAsk: (request: FastifyRequest) => boolean = () => true) {
  return {
    ...PROBE_ROUTE,
    onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (mayAsk(request)) done();
      else reply.callNotFound();
    },
  };
}

/** `ok`, or why a resource cannot be used now; by its name. */
export type CheckResults = Readonly<Record<string, string>>;

export interface HealthOptions {
  lifecycle: Lifecycle;
  resources: readonly Resource[];
  /** How long a resource may take to answer. */
  timeoutMs: number;
  /** Who may ask: 404 for others. Default: anybody. */
  mayAsk?: (request: FastifyRequest) => boolean;
  /** More for the answer of `/health`. What it says changes nothing: the process is alive. */
  details?: HealthDetails;
}

/** Must answer quickly, whatever else is going on. */
export type HealthDetails = () => object | Promise<object>;

/**
 * `GET /health`: 200 while the process is alive, whatever its resources do, so that nothing restarts it for a fault
 * elsewhere. `GET /ready`: 200 if it is ready and each resource answers, else 503 with the reasons.
 */
export function health(app: FastifyInstance, options: HealthOptions): ResourceChecks {
  const { lifecycle, resources, timeoutMs, details, mayAsk } = options;
  const route = probeRoute(mayAsk);
  const checks = new ResourceChecks(resources, timeoutMs, (name, result) => {
    if (result === 'ok') app.log.info({ resource: name }, `${name} can be used`);
    else app.log.warn({ resource: name, reason: result }, `${name} cannot be used: ${result}`);
  });

  app.get('/health', route, async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ status: 'ok', ...(await details?.()) });
  });

  app.get('/ready', route, async (_request, reply) => {
    const results = lifecycle.state === 'stopping' ? {} : await checks.run();
    // Read again: it may have changed while the resources were asked.
    const { state } = lifecycle;
    const ready = state === 'ready' && isUsable(results);
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(ready ? { ready, checks: results } : { ready, state, checks: results });
  });

  return checks;
}

export function isUsable(results: CheckResults): boolean {
  return Object.values(results).every((result) => result === 'ok');
}

/** Asks all resources at once, each with its own time limit. */
export class ResourceChecks {
  #round: Promise<CheckResults> | undefined;
  #startedAt = 0;
  #isRunning = false;
  readonly #failing = new Set<string>();

  constructor(
    private readonly resources: readonly Resource[],
    private readonly timeoutMs: number,
    /** Told once when a resource fails and once when it is back, not for each check. */
    private readonly onChange: (name: string, result: string) => void = () => {},
  ) {}

  /** Never rejects: a failure is a result. */
  run(): Promise<CheckResults> {
    const now = performance.now();
    if (!this.#round || (!this.#isRunning && now - this.#startedAt >= SHARED_MS)) {
      this.#startedAt = now;
      this.#isRunning = true;
      this.#round = this.#checkAll().finally(() => (this.#isRunning = false));
    }
    return this.#round;
  }

  async #checkAll(): Promise<CheckResults> {
    const results = Object.fromEntries(
      await Promise.all(
        this.resources.map(
          async (resource) => [resource.name, await check(resource, this.timeoutMs)] as const,
        ),
      ),
    );
    for (const [name, result] of Object.entries(results)) this.#tell(name, result);
    return results;
  }

  #tell(name: string, result: string): void {
    const isFailing = result !== 'ok';
    if (isFailing === this.#failing.has(name)) return;
    if (isFailing) this.#failing.add(name);
    else this.#failing.delete(name);
    this.onChange(name, result);
  }
}

async function check(resource: Resource, timeoutMs: number): Promise<string> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      resource.check(limit.signal),
      // Also for a resource that does not heed the signal.
      new Promise((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`no answer within ${timeoutMs} ms`));
          limit.abort();
        }, timeoutMs);
      }),
    ]);
    return 'ok';
  } catch (error) {
    return formatReason(error);
  } finally {
    clearTimeout(timer);
  }
}
