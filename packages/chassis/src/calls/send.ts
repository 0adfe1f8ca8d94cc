import { shortConnections } from '../connections/short-connections.js';
import type { Reply } from './call-outcome.js';

/** One attempt of a call. */
export interface SentRequest {
  method: string;
  /** Names are in lower case. */
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Milliseconds from now until a `TimeoutError`, for the whole answer. */
  limitMs: number;
  /** Cancels it; the signal's reason is thrown unchanged. */
  signal?: AbortSignal;
}

/** Sends a request and reads the whole answer. Rejects with errors as those of `fetch`, or as those that they have as cause. */
export type Send = (base: string, target: string, request: SentRequest) => Promise<Reply>;

/** Sends by `fetch`, which every Node has. */
export const sendByFetch: Send = async (base, target, { limitMs, signal, ...request }) => {
  const timeout = AbortSignal.timeout(limitMs);
  const response = await fetch(base + target, {
    ...request,
    // A redirect could send the service key anywhere.
    redirect: 'manual',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    dispatcher: shortConnections(),
  });
  const { ok, status, headers } = response;
  return { ok, status, headers, text: await response.text() };
};
