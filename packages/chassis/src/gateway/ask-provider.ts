import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { withCall, type ProviderCall, type Transport } from './transport.js';

export interface Question {
  origin: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** Sends a GET to a provider, and again if that is safe. Resolves when the answer begins. */
export async function askProvider(
  transport: Transport,
  call: ProviderCall,
  { origin, path, headers }: Question,
): Promise<Dispatcher.ResponseData> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await new Promise((resolve, reject) =>
        withCall(call, () =>
          transport.request({ origin, path, method: 'GET', headers }, (error, answer) =>
            answer ? resolve(answer) : reject(error ?? new Error('no answer')),
          ),
        ),
      );
    } catch (error) {
      const pauseMs = call.pauseAfter(error as Error, 'GET', attempt);
      if (pauseMs === null) throw error;
      await pause(call, pauseMs);
    }
  }
}

/** Rejects if the call ends meanwhile. */
function pause(call: ProviderCall, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    call.attempt((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
