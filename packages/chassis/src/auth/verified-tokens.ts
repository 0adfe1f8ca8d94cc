import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';

export interface VerifiedTokensOptions {
  /** Of these at most, the ones used last are remembered. */
  max: number;
  /** Seconds by which clocks may differ, as in the verification. */
  clockTolerance: number;
}

/** What is remembered of a token: nothing that could be sent as one. */
interface VerifiedToken {
  /** The claims as JSON: each request gets its own, so that none can change those of another. */
  claims: string;
  /** Seconds since 1970. */
  exp: number;
  nbf: number;
}

/** A token with more claims than this is verified each time. */
const MAX_CLAIMS = 4096;

/**
 * Tokens whose signature and claims were verified a moment ago. A caller sends the same token with each request, and to
 * verify it takes longer than to pass a request on. A token is forgotten when it expires, and all are when the keys change.
 */
export class VerifiedTokens {
  /** By digest, the one used last at the end: a dump of the memory has no tokens of callers. */
  readonly #tokens = new Map<string, VerifiedToken>();
  /** Of the keys that verified them. */
  #edition = -Infinity;

  constructor(private readonly options: VerifiedTokensOptions) {}

  /** Its claims, if it was verified with the keys of this edition and is valid at this moment. */
  find(token: string, edition: number): JWTPayload | undefined {
    if (edition !== this.#edition) return undefined;
    const digest = digestOf(token);
    const known = this.#tokens.get(digest);
    if (!known) return undefined;
    this.#tokens.delete(digest);
    // Exactly what jose checks; a token that fails here is verified again, which tells what is wrong with it.
    const now = Math.floor(Date.now() / 1000);
    const { clockTolerance } = this.options;
    if (known.exp <= now - clockTolerance || known.nbf > now + clockTolerance) return undefined;
    this.#tokens.set(digest, known);
    return JSON.parse(known.claims) as JWTPayload;
  }

  /** @param edition of the keys, asked for before the token was verified: they may have changed since. */
  remember(token: string, payload: JWTPayload, edition: number): void {
    const { max } = this.options;
    const claims = JSON.stringify(payload);
    if (max === 0 || payload.exp === undefined || claims.length > MAX_CLAIMS) return;
    if (edition < this.#edition) return;
    if (edition !== this.#edition) this.#tokens.clear();
    this.#edition = edition;
    const { exp, nbf = -Infinity } = payload;
    this.#tokens.set(digestOf(token), { claims, exp, nbf });
    if (this.#tokens.size > max) this.#tokens.delete(this.#tokens.keys().next().value!);
  }

  get size(): number {
    return this.#tokens.size;
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
