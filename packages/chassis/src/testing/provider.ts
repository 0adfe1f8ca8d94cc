import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Provider {
  url: string;
  requests: IncomingMessage[];
  /** Sets the answer from the next request on. */
  answer(listener: RequestListener): void;
  close(): Promise<void>;
}

/** A service that answers 200 `{}` until told otherwise. */
export async function startProvider(port = 0): Promise<Provider> {
  const requests: IncomingMessage[] = [];
  let listener: RequestListener = (_request, response) => response.end('{}');
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => (listener = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The URL of a port on which nothing listens. */
export async function closedUrl(): Promise<string> {
  const provider = await startProvider();
  await provider.close();
  return provider.url;
}
