import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { GraphqlBody } from './serve.js';

export interface PersistedOptions {
  /** The operations that clients may ask for, by the SHA-256 of their texts in hexadecimal. */
  operations?: Readonly<Record<string, string>>;
  /** Answers nothing but those. */
  only?: boolean;
  /** How many texts that clients have sent are remembered by their hashes (APQ). Default 1000; 0 for none. */
  remembered?: number;
}

/** A text of more than this is not remembered. */
const MAX_TEXT = 20_000;

/**
 * Finds the text of an operation that a client names by its hash: in the list that is known at build time, or among the
 * texts that clients have sent with their hashes before.
 *
 * https://www.apollographql.com/docs/apollo-server/performance/apq
 */
export class PersistedOperations {
  readonly #listed: ReadonlyMap<string, string>;
  readonly #only: boolean;
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #sent = new Map<string, string>();

  /** @throws {TypeError} with each listed text whose hash is another. */
  constructor({ operations = {}, only = false, remembered = 1000 }: PersistedOptions) {
    const wrong = Object.entries(operations).filter(([hash, text]) => hashOf(text) !== hash);
    if (wrong.length > 0) {
      throw new TypeError(
        `persisted operations with a wrong SHA-256: ${wrong.map(([hash]) => hash).join(', ')}`,
      );
    }
    this.#listed = new Map(Object.entries(operations));
    this.#only = only;
    this.#limit = only ? 0 : remembered;
  }

  /** @throws {GraphQLError} that tells the client what to do. */
  resolve(body: GraphqlBody): GraphqlBody {
    const { query } = body;
    const named = hashIn(body.extensions);
    if (typeof query === 'string' && query !== '') {
      this.#check(query, named);
      return body;
    }
    if (named === undefined) return body;
    const text = this.#listed.get(named) ?? this.#remembered(named);
    if (text === undefined) throw this.#only ? notListed() : notFound();
    return { ...body, query: text };
  }

  #check(query: string, named: string | undefined): void {
    if (named === undefined && !this.#only) return;
    const hash = hashOf(query);
    if (this.#only && !this.#listed.has(hash)) throw notListed();
    if (named === undefined) return;
    if (named !== hash) {
      throw refuse('PERSISTED_QUERY_HASH_MISMATCH', 'the SHA-256 of the query is another');
    }
    this.#remember(hash, query);
  }

  #remember(hash: string, query: string): void {
    if (this.#limit === 0 || query.length > MAX_TEXT || this.#listed.has(hash)) return;
    this.#sent.delete(hash);
    this.#sent.set(hash, query);
    if (this.#sent.size > this.#limit) this.#sent.delete(this.#sent.keys().next().value!);
  }

  #remembered(hash: string): string | undefined {
    const text = this.#sent.get(hash);
    if (text !== undefined) this.#remember(hash, text);
    return text;
  }
}

function hashIn(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } };
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? hash : undefined;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Clients know these words: they then send the text together with its hash. */
function notFound(): GraphQLError {
  return new GraphQLError('PersistedQueryNotFound', {
    extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
  });
}

function notListed(): GraphQLError {
  return refuse('PERSISTED_QUERY_NOT_LISTED', 'this gateway only answers operations of its list');
}

function refuse(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
