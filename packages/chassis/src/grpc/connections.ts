import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';

/** How long the addresses of a name are used. Then they are looked up again, while calls go on. */
const ADDRESSES_MS = 5000;
/** How long an address that did not answer is left out, if there are others. */
const AVOID_MS = 5000;
/** An unused connection is closed: an address may be another service's next. */
const IDLE_MS = 60_000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A connection to one address of a provider. */
export interface Connection {
  readonly transport: Transport;
  /** It could not be made, or there was no answer in time: the next call takes another one. */
  failed(): void;
}

interface Addresses {
  list: readonly string[];
  until: number;
}

/**
 * One HTTP/2 connection per address of a provider, used in turn. All calls of one connection reach the same container,
 * so that a single connection would leave all other containers idle.
 */
export class Connections {
  readonly #transports = new Map<string, Transport>();
  readonly #addresses = new Map<string, Addresses>();
  readonly #avoided = new Map<string, number>();
  #turn = 0;

  constructor(private readonly addressesOf = lookUp) {}

  async next(base: string): Promise<Connection> {
    const list = await this.#urlsOf(base);
    const now = performance.now();
    const usable = list.filter((url) => (this.#avoided.get(url) ?? 0) <= now);
    const among = usable.length > 0 ? usable : list;
    const url = among[this.#turn++ % among.length]!;
    let transport = this.#transports.get(url);
    if (!transport) {
      transport = connect(url);
      this.#transports.set(url, transport);
    }
    const used = transport;
    return {
      transport: used,
      failed: () => {
        this.#avoided.set(url, performance.now() + AVOID_MS);
        this.#addresses.delete(base);
        if (this.#transports.get(url) === used) this.#transports.delete(url);
      },
    };
  }

  async #urlsOf(base: string): Promise<readonly string[]> {
    const known = this.#addresses.get(base);
    const now = performance.now();
    if (known && known.until > now) return known.list;
    if (!known) return (await this.#lookUpAgain(base)).list;
    known.until = now + ADDRESSES_MS;
    // Without a name server, the addresses that were there are the best that is known.
    void this.#lookUpAgain(base).catch(() => undefined);
    return known.list;
  }

  async #lookUpAgain(base: string): Promise<Addresses> {
    const addresses = {
      list: await this.addressesOf(base),
      until: performance.now() + ADDRESSES_MS,
    };
    this.#addresses.set(base, addresses);
    for (const url of this.#transports.keys()) {
      if (this.#isUnused(url)) this.#transports.delete(url);
    }
    return addresses;
  }

  /** Its connection closes by itself when it is idle. */
  #isUnused(url: string): boolean {
    return ![...this.#addresses.values()].some(({ list }) => list.includes(url));
  }
}

function connect(baseUrl: string): Transport {
  return createGrpcTransport({
    baseUrl,
    idleConnectionTimeoutMs: IDLE_MS,
    readMaxBytes: MAX_MESSAGE_BYTES,
    // Between containers, compressing takes longer than sending.
    acceptCompression: [],
  });
}

/**
 * The base URL once per address of its host, if the host has several. With TLS, the name is what the certificate is
 * for, and balancing is the work of whoever ends TLS. Node itself tries the addresses of `localhost`.
 */
async function lookUp(base: string): Promise<string[]> {
  const { protocol, hostname } = new URL(base);
  if (protocol !== 'http:' || hostname === 'localhost' || isIP(hostname) !== 0) return [base];
  if (hostname.startsWith('[')) return [base];
  const found = await lookup(hostname, { all: true });
  // A service listens on 0.0.0.0 unless it is told otherwise.
  const old = found.filter(({ family }) => family === 4);
  return (old.length > 0 ? old : found).map(({ address, family }) => {
    const url = new URL(base);
    url.hostname = family === 6 ? `[${address}]` : address;
    return url.href.replace(/\/$/, '');
  });
}
