import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { withCall, type ProviderCall, type Transport } from './transport.js';

export interface Question {
  origin: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** The query of a request, with its question mark. */
export function queryOf({ raw: { url = '' } }: FastifyRequest): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
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
