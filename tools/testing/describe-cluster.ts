import { describe, inject } from 'vitest';
import type {} from './cluster-setup.js';

/** A suite on a real cluster; left out if there is none, as the set-up has said. */
export function describeCluster(name: string, suite: () => void): void {
  if (inject('cluster')) describe(name, suite);
  else describe.skip(name, suite);
}

/** A suite on a real cluster with a Gateway. */
export function describeGateway(name: string, suite: () => void): void {
  if (inject('gateway')) describe(name, suite);
  else describe.skip(name, suite);
}

/** A suite on a real cluster that takes tokens of the suite's own. */
export function describeTokens(name: string, suite: () => void): void {
  if (inject('tokenKey')) describe(name, suite);
  else describe.skip(name, suite);
}

/** A suite on a real cluster with a metrics server. */
export function describeAutoscaler(name: string, suite: () => void): void {
  if (inject('hasMetrics')) describe(name, suite);
  else describe.skip(name, suite);
}

/** A suite on a real cluster that enforces network policies, as ours does. */
export const describePolicies = describeGateway;
