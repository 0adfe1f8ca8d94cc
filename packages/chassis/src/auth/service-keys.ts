import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { SERVICE_KEY_HEADER } from '../context/headers.js';
import { HttpError } from '../errors/errors.js';
import { failureLimitOf } from './failure-limit.js';

export interface ServiceKeyOptions {
  /**
   * The callers and their keys; two keys for a caller while one is being replaced. At least 16 bytes each. If there are
   * no callers, every call is refused.
   */
  keys: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Whether every route needs a key, except those with `config.auth` or `config.serviceKey` set to false. Default true.
   */
  everyRoute?: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** A hook to protect single routes: `{ onRequest: app.authenticateCaller }`. */
    authenticateCaller(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  }
  interface FastifyRequest {
    /** The name of the calling service, found by its `x-service-key`; null if the route needs none. */
    caller: string | null;
  }
  interface FastifyContextConfig {
    /** False for a route that is open to everyone: no token and no service key. */
    auth?: boolean;
    /** False for a route that needs no service key. */
    serviceKey?: boolean;
  }
}

/**
 * Identifies the calling service by its `x-service-key`. A missing or unknown key is a 401.
 *
 * @throws {TypeError} with all problems of the keys.
 */
export function serviceKeys({ keys, everyRoute = true }: ServiceKeyOptions): FastifyPluginAsync {
  const callers = hashKeys(keys);

  async function authenticateCaller(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const limit = failureLimitOf(request);
    limit?.check(request, reply);
    const given = request.headers[SERVICE_KEY_HEADER];
    const caller = typeof given === 'string' ? findCaller(callers, given) : undefined;
    if (caller === undefined) {
      await limit?.count(request);
      reply.header('www-authenticate', 'ServiceKey');
      throw new HttpError(401, 'a valid service key is required');
    }
    request.caller = caller;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Fastify recognises this kind of plugin by `async`
  const plugin: FastifyPluginAsync = async (app) => {
    app.decorateRequest('caller', null);
    app.decorate('authenticateCaller', authenticateCaller);
    if (!everyRoute) return;
    app.addHook('onRequest', async (request, reply) => {
      const { auth, serviceKey } = request.routeOptions.config;
      if (auth !== false && serviceKey !== false) await authenticateCaller(request, reply);
    });
  };
  return fp(plugin, { name: '@org/chassis/service-keys', fastify: '5.x' });
}

/** A caller with one of its keys, as a hash. */
export interface Caller {
  name: string;
  hash: Buffer;
}

/**
 * Compares all keys, each in constant time. The hashes have the same length, and a partial match tells nothing about a
 * key.
 */
export function findCaller(callers: readonly Caller[], key: string): string | undefined {
  const given = hash(key);
  let found: string | undefined;
  for (const caller of callers) if (timingSafeEqual(caller.hash, given)) found = caller.name;
  return found;
}

function hash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** @throws {TypeError} with all problems of the keys. */
export function hashKeys(keys: ServiceKeyOptions['keys']): Caller[] {
  const problems: string[] = [];
  const callers: Caller[] = [];
  for (const [name, ofCaller] of Object.entries(keys)) {
    for (const key of typeof ofCaller === 'string' ? [ofCaller] : ofCaller) {
      if (Buffer.byteLength(key) < 16)
        problems.push(`the key of "${name}" is shorter than 16 bytes`);
      const other = findCaller(callers, key);
      if (other !== undefined) problems.push(`"${other}" and "${name}" have the same key`);
      callers.push({ name, hash: hash(key) });
    }
  }
  if (problems.length > 0) throw new TypeError(`serviceKeys: ${problems.join('; ')}`);
  return callers;
}
