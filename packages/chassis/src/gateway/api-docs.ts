import swagger from '@fastify/swagger';
import type { FastifyPluginAsync } from 'fastify';
import { shortConnections } from '../connections/short-connections.js';
import { missingPackage } from '../errors/errors.js';
import { PROBE_ROUTE } from '../service/health.js';
import { isAggregate, isProvider, type Aggregate } from './aggregate.js';
import type { Provider } from './provider-route.js';
import { mergeDocuments, type DescribedProvider, type OpenApiDocument } from './openapi-merge.js';

const FETCH_TIMEOUT_MS = 2000;
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
/** A provider is asked at most once in this time. */
const SHARED_MS = 10_000;

/** Scripts and styles come from this server only. */
const PAGE_POLICY = {
  'default-src': ["'self'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  // Needed by the page's own styles and scripts.
  'style-src': ["'self'", "'unsafe-inline'"],
};

export interface ApiDocsOptions {
  /** The title of the document: the gateway's name. */
  title: string;
  version: string;
  /** Those of the gateway, with its aggregates. */
  providers: readonly (Aggregate | Provider)[];
  /** `jwt`: routes need a bearer token, unless a route says otherwise. */
  auth?: 'jwt';
}

/**
 * One description of everything that can be called through a gateway: `/openapi.json`, merged from the documents of its
 * providers, and a page for it at `/docs`. Both are open to everyone. If a provider is down, its last document is used.
 * A provider without a document is listed.
 */
export function apiDocs({ title, version, providers, auth }: ApiDocsOptions): FastifyPluginAsync {
  const documents = new ProviderDocuments(providers.filter(isProvider));
  const aggregates = providers.filter(isAggregate);
  return async (app) => {
    const page = await import('@fastify/swagger-ui').catch(
      missingPackage('apiDocs', '@fastify/swagger-ui'),
    );
    app.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...PROBE_ROUTE.config };
      route.logLevel ??= PROBE_ROUTE.logLevel;
    });
    const merged = new MergedText((described) =>
      mergeDocuments({ title, version, bearer: auth === 'jwt', aggregates }, described),
    );
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(merged.of(await documents.read())),
    );
    // The page expects this file name; the content is ours.
    await app.register(swagger, { openapi: { info: { title, version } } });
    await app.register(page.default, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      theme: { title },
      // Not `url`, because the page sets that itself.
      uiConfig: { urls: [{ url: '/openapi.json', name: title }] },
    });
  };
}

/** The merged document as text. It is only rebuilt if a provider's document changes. */
class MergedText {
  #from: readonly DescribedProvider[] = [];
  #text: string | undefined;

  constructor(private readonly merge: (described: readonly DescribedProvider[]) => object) {}

  of(described: readonly DescribedProvider[]): string {
    if (this.#text === undefined || !isSame(described, this.#from)) {
      this.#text = JSON.stringify(this.merge(described));
      this.#from = described;
    }
    return this.#text;
  }
}

/** A document is parsed again only if its text has changed. */
function isSame(these: readonly DescribedProvider[], those: readonly DescribedProvider[]): boolean {
  if (these === those) return true;
  return these.every(
    ({ document, problem }, i) => document === those[i]?.document && problem === those[i]?.problem,
  );
}

/** The documents of the providers; the last known one if a provider cannot be reached. */
class ProviderDocuments {
  readonly #last = new Map<string, { text: string; document: OpenApiDocument }>();
  #round: Promise<DescribedProvider[]> | undefined;
  #askedAt = 0;

  constructor(private readonly providers: readonly Provider[]) {}

  read(): Promise<DescribedProvider[]> {
    const now = performance.now();
    if (!this.#round || now - this.#askedAt >= SHARED_MS) {
      this.#askedAt = now;
      this.#round = Promise.all(this.providers.map((provider) => this.#describe(provider)));
    }
    return this.#round;
  }

  async #describe({ service, url, routes }: Provider): Promise<DescribedProvider> {
    try {
      const text = await fetchText(url);
      const last = this.#last.get(service);
      const document = last && last.text === text ? last.document : parseDocument(text);
      if (!document) return { service, routes, problem: 'describes itself nowhere' };
      if (text !== undefined) this.#last.set(service, { text, document });
      return { service, routes, document };
    } catch {
      const document = this.#last.get(service)?.document;
      const problem = document
        ? 'cannot be reached; this is its last description'
        : 'cannot be reached';
      return { service, routes, document, problem };
    }
  }
}

/** Undefined if the provider has no document. Rejects if that is unknown. */
async function fetchText(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url.replace(/\/$/, '')}/openapi.json`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: 'error',
    dispatcher: shortConnections(),
  });
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  if (!answer.ok) return undefined;
  return readText(answer);
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_DOCUMENT_BYTES) throw new Error('too long');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}

function parseDocument(text: string | undefined): OpenApiDocument | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'openapi' in value
      ? (value as OpenApiDocument)
      : undefined;
  } catch {
    return undefined;
  }
}
