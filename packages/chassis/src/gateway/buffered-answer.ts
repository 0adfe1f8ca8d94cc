import type { Readable } from 'node:stream';
import { ProviderTimeoutError } from './transport.js';

/** Larger answers are not changed. They are an error, because they would fill the memory of the gateway. */
export const MAX_BUFFERED_BYTES = 1_048_576;

/** The provider answered with something that the gateway cannot work with. The message continues its name. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
}

export interface ReadLimits {
  maxBytes: number;
  limitMs: number;
}

/** The whole body of an answer. If that fails, the rest of it is not read. */
export async function readBody(body: Readable, { maxBytes, limitMs }: ReadLimits): Promise<Buffer> {
  return readWithin(limitMs, body, async () => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Leaving the loop destroys the body.
      if (size > maxBytes)
        throw new UnusableAnswerError(`answered with more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  });
}

/** Destroys the body if `read` is not done in time. */
export async function readWithin<Read>(
  limitMs: number,
  body: Readable,
  read: () => Promise<Read>,
): Promise<Read> {
  const timer = setTimeout(
    () => body.destroy(new ProviderTimeoutError(`no whole answer within ${limitMs} ms`)),
    limitMs,
  );
  try {
    return await read();
  } finally {
    clearTimeout(timer);
  }
}

/** @throws {UnusableAnswerError} if `change` throws a syntax error. */
export function changeText(body: Buffer, change: (text: string) => string): string {
  try {
    return change(body.toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UnusableAnswerError('answered with invalid JSON', { cause: error });
  }
}

export function checkNotEncoded(encoding: string | string[] | undefined): void {
  if (encoding !== undefined && encoding !== 'identity') {
    throw new UnusableAnswerError('answered in an encoding that was not asked for');
  }
}
