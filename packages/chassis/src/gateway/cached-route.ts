import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { readWithin } from './buffered-answer.js';
import { isKnownToCaller, type CacheEntry, type StoredAnswer } from './cached-answer.js';

export interface CachedCall {
  entry: CacheEntry;
  maxEntryBytes: number;
  limitMs: number;
  /** Asks the provider. */
  ask: (validators: IncomingHttpHeaders) => Promise<Dispatcher.ResponseData>;
  /** The headers of an answer as this caller gets them. */
  describe: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** The body as callers get it; undefined if the route leaves it as it is. */
  change: (answer: Dispatcher.ResponseData) => Promise<Buffer | undefined>;
}

type Describe = CachedCall['describe'];

/** Answers with what is stored and fresh. */
export function answerFresh(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: StoredAnswer,
  describe: Describe,
): void {
  sendStored(request, reply, answer, { describe, status: 'hit' });
}

/** Asks the provider, and stores its answer. Rejects if there is no answer, and none is stored that may replace it. */
export async function answerCached(
  request: FastifyRequest,
  reply: FastifyReply,
  call: CachedCall,
): Promise<void> {
  const { entry } = call;
  const send = (answer: StoredAnswer, status: string) =>
    sendStored(request, reply, answer, { describe: call.describe, status });
  const reason = entry.isStored ? 'fwd=stale' : 'fwd=uri-miss';
  let answer: Dispatcher.ResponseData;
  try {
    answer = await call.ask(entry.validators);
  } catch (error) {
    const kept = entry.afterFailure();
    if (!kept) throw error;
    return send(kept, reason);
  }
  const kept = entry.confirm(answer.statusCode, answer.headers);
  if (kept) {
    await answer.body.dump();
    return send(kept, `${reason}; fwd-status=${answer.statusCode}`);
  }
  if (answer.statusCode === 304) {
    // It confirms another answer than the stored one.
    await answer.body.dump();
    answer = await call.ask({});
  }
  const { statusCode, headers } = answer;
  const canStore = entry.canStore(statusCode, headers);
  const body =
    (await call.change(answer)) ?? (canStore ? await readShort(answer, call) : answer.body);
  if (canStore && Buffer.isBuffer(body) && body.length <= call.maxEntryBytes) {
    return send(entry.store({ statusCode, headers, body }), `${reason}; stored`);
  }
  reply.header('cache-status', `gateway; ${reason}`);
  void reply.code(statusCode).headers(call.describe(headers)).send(body);
}

/** The whole body, or a stream of it if it is too long to be stored. */
async function readShort(
  { headers, body }: Dispatcher.ResponseData,
  { maxEntryBytes, limitMs }: CachedCall,
): Promise<Buffer | Readable> {
  if (Number(headers['content-length'] ?? 0) > maxEntryBytes) return body;
  return readWithin(limitMs, body, async () => {
    const chunks: Buffer[] = [];
    let size = 0;
    const rest = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return Buffer.concat(chunks);
      chunks.push(next.value);
      size += next.value.length;
      if (size > maxEntryBytes) return Readable.from(concatenate(chunks, rest));
    }
  });
}

async function* concatenate(first: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}

/** Headers that describe a body. A 304 has none. */
const OF_THE_BODY = ['content-encoding', 'content-language', 'content-length', 'content-type'];

function sendStored(
  request: FastifyRequest,
  reply: FastifyReply,
  { statusCode, headers, body }: StoredAnswer,
  { describe, status }: { describe: Describe; status: string },
): void {
  reply.header('cache-status', `gateway; ${status}`);
  const described = describe({ ...headers, 'content-length': undefined });
  if (statusCode === 200 && isKnownToCaller(request.headers, described)) {
    for (const name of OF_THE_BODY) delete described[name];
    void reply.code(304).headers(described).send();
    return;
  }
  delete described['content-length'];
  void reply.code(statusCode).headers(described).send(body);
}
