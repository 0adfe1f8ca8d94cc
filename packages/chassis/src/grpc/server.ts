import { once } from 'node:events';
import {
  constants,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { ServiceKeyOptions } from '../auth/service-keys.js';
import type { CompanionHost, CompanionServer } from '../service/companion-server.js';
import { healthRoutes } from './health-routes.js';
import { reflectionRoutes } from './reflection-routes.js';
import { servedCalls, type OpenCall } from './served-calls.js';

const { NGHTTP2_NO_ERROR: NO_ERROR } = constants;
/** As in every implementation of gRPC. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** How often a stop looks whether calls are still open. */
const SWEEP_MS = 20;
/** How long a stop waits for streams after the last other call. */
const STREAM_GRACE_MS = 2000;

export interface GrpcServerOptions {
  /** `config.GRPC_PORT`; 0 for any free port. */
  port: number;
  /** Registers the services: `(router) => router.service(InventoryService, handlers)`. */
  routes: (router: ConnectRouter) => void;
  /** The callers and their keys: `callerKeys(config)`. Without it, every service may call. */
  keys?: ServiceKeyOptions['keys'];
  /** Run inside those of the chassis, in order. */
  interceptors?: readonly Interceptor[];
  /** The largest message that is read. Default 4 MiB. */
  maxMessageBytes?: number;
  /** `config.NODE_ENV === 'development'`: tells tools, without a key, what the services consist of (reflection). */
  development?: boolean;
}

export interface GrpcServer extends CompanionServer {
  /** Where it listens; undefined before and after. */
  readonly port: number | undefined;
}

/**
 * A gRPC server (HTTP/2 without TLS) on a port of its own, for `createService({ grpc })`. It also speaks the Connect
 * protocol, so that `curl --http2-prior-knowledge` with JSON works, and answers `grpc.health.v1.Health`.
 *
 * @throws {TypeError} with all problems of the keys.
 */
export function grpcServer(options: GrpcServerOptions): GrpcServer {
  const { port, routes, keys, interceptors = [], development = false } = options;
  const open = new Set<OpenCall>();
  const sessions = new Set<ServerHttp2Session>();
  const streams = new Set<ServerHttp2Stream>();
  const services = new Set<string>();
  const stopping = new AbortController();
  let host: CompanionHost | undefined;

  const adapter = connectNodeAdapter({
    routes: (router) => {
      routes(router);
      for (const { service } of router.handlers) services.add(service.typeName);
      healthRoutes(
        router,
        async () => (await host?.isReady()) ?? false,
        () => services,
      );
      if (development) reflectionRoutes(router);
    },
    interceptors: [
      servedCalls({
        keys,
        open,
        stopping: stopping.signal,
        host: () => host,
        reflection: development,
      }),
      ...interceptors,
    ],
    readMaxBytes: options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    grpcWeb: false,
    shutdownSignal: stopping.signal,
  });
  const server = createServer(adapter);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
  });

  return {
    get port() {
      const address = server.address();
      return typeof address === 'object' ? address?.port : undefined;
    },
    async listen(given) {
      host = given;
      server.listen({ host: given.address, port });
      await once(server, 'listening');
      given.log.info(`gRPC listening at ${given.address}:${this.port}`);
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      // Connections that are made and not accepted yet would be reset.
      await nextTurn();
      server.close();
      // GOAWAY: callers finish what is open, and connect elsewhere for what is next.
      for (const session of sessions) session.close();
      // A stream of a server may never end by itself; its caller asks again.
      while ([...open].some(({ isStream }) => !isStream)) await sleep(SWEEP_MS);
      const last = performance.now() + STREAM_GRACE_MS;
      while (open.size > 0 && performance.now() < last) await sleep(SWEEP_MS);
      stopping.abort(new ConnectError('the service stops', Code.Unavailable));
      // A caller that has its answer and does not end its own side would keep the connection open.
      while (streams.size > 0) {
        for (const stream of streams) if (stream.state.localClose) stream.close(NO_ERROR);
        await sleep(SWEEP_MS);
      }
      await closed;
    },
    underWay: () => [...open].map(({ name }) => name),
  };
}
