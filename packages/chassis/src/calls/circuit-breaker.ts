import {
  circuitBreaker,
  CircuitState,
  handleWhenResult,
  isBrokenCircuitError,
  SamplingBreaker,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import type { EventLog } from '../telemetry/default-log.js';
import { isProvidersFault, isUntelling, type Outcome } from './call-outcome.js';

export interface BreakerOptions {
  /** The breaker opens if more than this share of attempts failed. Between 0 and 1. Default 0.5. */
  threshold?: number;
  /** With fewer attempts than this in the window, the breaker never opens. Default 10. */
  minimumCalls?: number;
  /** Default 10 000. */
  windowMs?: number;
  /** How long the open breaker refuses all calls. Then one attempt decides whether it closes. Default 5000. */
  resetMs?: number;
}

export interface Breaker {
  readonly state: 'closed' | 'half-open' | 'open';
  /** Runs `attempt`, or returns `open` without running it. */
  run(attempt: () => Promise<Outcome>): Promise<Outcome>;
}

const OPEN: Outcome = { failure: { kind: 'open' } };

/** Thrown by the attempt, because the policy only counts errors that it is told to count. */
class Untelling extends Error {
  constructor(readonly outcome: Outcome) {
    super();
  }
}

/** @throws {RangeError} if `threshold` is not between 0 and 1. */
export function createBreaker(
  provider: string,
  log: EventLog,
  { threshold = 0.5, minimumCalls = 10, windowMs = 10_000, resetMs = 5000 }: BreakerOptions = {},
): Breaker {
  const policy: CircuitBreakerPolicy = circuitBreaker(
    handleWhenResult((outcome) => isProvidersFault(outcome as Outcome))
      // An attempt that tells nothing must not close the breaker either.
      .orWhen(() => policy.state === CircuitState.HalfOpen),
    {
      halfOpenAfter: resetMs,
      breaker: new SamplingBreaker({
        threshold,
        duration: windowMs,
        minimumRps: (minimumCalls / windowMs) * 1000,
      }),
    },
  );
  policy.onBreak(() =>
    log.warn({ provider, resetMs }, `calls to ${provider} fail: its circuit breaker is open`),
  );
  policy.onReset(() => log.info({ provider }, `${provider} answers again: its breaker is closed`));

  return {
    get state() {
      return stateName(policy.state);
    },
    async run(attempt) {
      // Otherwise, others would wait until that one attempt is done.
      if (policy.state === CircuitState.HalfOpen) return OPEN;
      try {
        return await policy.execute(async () => {
          const outcome = await attempt();
          if (isUntelling(outcome)) throw new Untelling(outcome);
          return outcome;
        });
      } catch (error) {
        if (error instanceof Untelling) return error.outcome;
        if (isBrokenCircuitError(error)) return OPEN;
        throw error;
      }
    },
  };
}

function stateName(state: CircuitState): Breaker['state'] {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
