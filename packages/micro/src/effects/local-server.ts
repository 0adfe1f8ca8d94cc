import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../platform/user-error';

/** The response for a path. */
export interface LocalAnswer {
  status?: number;
  type: 'text/html' | 'application/json';
  body: string;
}

export interface LocalServer {
  /** `http://127.0.0.1:41234/` */
  url: string;
  close: () => Promise<void>;
}

/**
 * Serves GET requests on 127.0.0.1. Other machines cannot reach it. Pages of other sites cannot read it either: a
 * request with another host name, which may also resolve to 127.0.0.1, is refused.
 *
 * @param port 0 for any free port.
 */
export async function serveLocally(
  port: number,
  paths: Readonly<Record<string, () => Promise<LocalAnswer>>>,
): Promise<LocalServer> {
  const server = createServer((request, response) => {
    answer(request, response, paths).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new UserError(`port ${port} is taken: choose another one with --port`)
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
  paths: Readonly<Record<string, () => Promise<LocalAnswer>>>,
): Promise<void> {
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '')) {
    response.writeHead(403).end('this page is for 127.0.0.1 only\n');
    return;
  }
  const path = url.replace(/[?#].*$/, '');
  const find = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (!find) return void response.writeHead(404).end('there is nothing here\n');
  if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
  const { status = 200, type, body } = await find();
  response
    .writeHead(status, {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}
