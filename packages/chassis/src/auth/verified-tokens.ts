import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';

export interface VerifiedTokensOptions {
  /** The maximum number. The ones used last are kept. */
  max: number;
  /** By how many seconds clocks may differ, as in the verification. */
  clockTolerance: number;
}

/** What is remembered of a token. The token itself cannot be restored from it. */
interface VerifiedToken {
  /** The claims as JSON. Each request gets its own copy, so that changing one does not change others. */
  claims: string;
  /** Seconds since 1970. */
  exp: number;
  nbf: number;
}

/** A token with more claims than this is not remembered. */
const MAX_CLAIMS = 4096;

/**
 * Tokens whose signature and claims were verified before. A caller sends the same token with each request, and
 * verifying it takes longer than passing the request on. A token is forgotten when it expires; all are forgotten when
 * the keys change.
 */
export class VerifiedTokens {
  /** By hash, the one used last at the end. So a memory dump contains no tokens. */
  readonly #tokens = new Map<string, VerifiedToken>();
  /** The edition of the keys that verified them. */
  #edition = -Infinity;

  constructor(private readonly options: VerifiedTokensOptions) {}

  /** The claims of a token, if it was verified with the keys of this edition and is valid now. */
  find(token: string, edition: number): JWTPayload | undefined {
    if (edition !== this.#edition) return undefined;
    const digest = digestOf(token);
    const known = this.#tokens.get(digest);
    if (!known) return undefined;
    this.#tokens.delete(digest);
    // The same checks as in jose. A token that fails here is verified again, and jose says what is wrong with it.
    const now = Math.floor(Date.now() / 1000);
    const { clockTolerance } = this.options;
    if (known.exp <= now - clockTolerance || known.nbf > now + clockTolerance) return undefined;
    this.#tokens.set(digest, known);
    return JSON.parse(known.claims) as JWTPayload;
  }

  /** @param edition of the keys, read before the token was verified, because they may have changed meanwhile. */
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
