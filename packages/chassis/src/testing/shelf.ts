import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import { Writable } from 'node:stream';
import { createService, type Service } from '../service/service.js';
import { readConfig } from '../service/config.js';
import { grpcServer, type GrpcServer, type GrpcServerOptions } from '../grpc/server.js';
import { ShelfService } from './shelf_pb.js';

export interface Shelf {
  service: Service;
  grpc: GrpcServer;
  url: string;
  /** What it logged. */
  lines: () => Record<string, unknown>[];
}

/** A service that answers as a test says, over gRPC on a free port. The caller must stop it. */
export async function startShelf(
  handlers: Partial<ServiceImpl<typeof ShelfService>>,
  options: Partial<GrpcServerOptions> = {},
): Promise<Shelf> {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const routes = (router: ConnectRouter) => void router.service(ShelfService, handlers);
  const grpc = grpcServer({ port: 0, routes, ...options });
  const config = readConfig(
    'shelf',
    {},
    { NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '1', STOP_DELAY_MS: '10' },
  );
  const service = createService({
    name: 'shelf',
    config: { ...config, PORT: 0 },
    grpc,
    fastify: { logger: { stream, level: 'info' } },
  });
  await service.start();
  return {
    service,
    grpc,
    url: `http://127.0.0.1:${grpc.port}`,
    lines: () =>
      chunks
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
