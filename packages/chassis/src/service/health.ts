import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatReason } from '../errors/errors.js';
import type { Lifecycle } from './lifecycle.js';
import type { Resource } from './resource.js';

/** Probes within this time share one check, so that they put no load on a database. */
const SHARED_MS = 250;

/** Options for routes that the platform itself calls often: only failures are logged, and there are no metrics. */
export const PROBE_ROUTE = {
  logLevel: 'warn',
  config: { auth: false, metrics: false, otel: false, rateLimit: false },
} as const;

/** The same, for allowed callers only. For others the route does not exist. */
export function probeRoute(mayAsk: (request: FastifyRequest) => boolean = () => true) {
  return {
    ...PROBE_ROUTE,
    onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (mayAsk(request)) done();
      else reply.callNotFound();
    },
  };
}

/** By the resource's name: `ok`, or why it cannot be used now. */
export type CheckResults = Readonly<Record<string, string>>;

export interface HealthOptions {
  lifecycle: Lifecycle;
  resources: readonly Resource[];
  /** How long a resource may take to answer. */
  timeoutMs: number;
  /** Who may call; others get a 404. Default: everyone. */
  mayAsk?: (request: FastifyRequest) => boolean;
  /** More fields for the answer of `/health`. They do not change its status: the process is alive. */
  details?: HealthDetails;
}

/** Must return quickly, because `/health` waits for it. */
export type HealthDetails = () => object | Promise<object>;

/**
 * `GET /health`: 200 while the process is alive, whatever the state of its resources, so that it is not restarted
 * because of another server's failure. `GET /ready`: 200 if it is ready and each resource answers, otherwise 503 with
 * the reasons.
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
    // Read again, because it may have changed during the check.
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

/** Checks all resources in parallel, each with its own time limit. */
export class ResourceChecks {
  #round: Promise<CheckResults> | undefined;
  #startedAt = 0;
  #isRunning = false;
  readonly #failing = new Set<string>();

  constructor(
    private readonly resources: readonly Resource[],
    private readonly timeoutMs: number,
    /** Called once when a resource fails and once when it is back, not for each check. */
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
      // For resources that ignore the signal.
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
