import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** What AWS answers to a call that comes too fast. */
export interface Throttling {
  /** 400 from ECS, 429 from others. */
  status: number;
  /** How many calls are refused. */
  times: number;
}

/** Stands between the AWS CLI and a simulated API. */
export interface RecordingProxy {
  port: number;
  /** Operations that were called since this was asked last, such as `RegisterTaskDefinition`. */
  calls: () => string[];
  /** Refuses the next calls of an operation. */
  throttle: (operation: string, throttling: Throttling) => void;
  close: () => Promise<void>;
}

/** @param target the port of the simulated API on 127.0.0.1. */
export async function startRecordingProxy(target: number): Promise<RecordingProxy> {
  const calls: string[] = [];
  const throttled = new Map<string, Throttling>();

  async function answer(call: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(call);
    const operation = operationOf(call, body);
    calls.push(operation);
    const throttling = throttled.get(operation);
    if (throttling && throttling.times-- > 0) {
      response.writeHead(throttling.status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
      return;
    }
    const sent = operation === 'RegisterTaskDefinition' ? withReservations(body) : body;
    const { method, url, headers } = call;
    const forwarded = request({
      ...{ host: '127.0.0.1', port: target, method, path: url },
      headers: { ...headers, 'content-length': Buffer.byteLength(sent) },
    });
    forwarded.end(sent);
    const [answered] = (await once(forwarded, 'response')) as [IncomingMessage];
    response.writeHead(answered.statusCode!, answered.headers);
    await pipeline(answered, response);
  }

  const server = createServer((call, response) => {
    answer(call, response).catch((error: Error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls: () => calls.splice(0),
    throttle: (operation, throttling) => void throttled.set(operation, { ...throttling }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** JSON services name it in a header, others in a form. */
function operationOf({ headers, url }: IncomingMessage, body: string): string {
  const target = String(headers['x-amz-target'] ?? '').split('.')[1];
  return target ?? new URLSearchParams(body).get('Action') ?? `${url}`;
}

/**
 * moto adds up what the containers of a task reserve, and cannot start it if one reserves nothing (getmoto/moto#7272). On
 * Fargate, that is optional: the size of a task is the limit of all its containers.
 */
function withReservations(body: string): string {
  const input = JSON.parse(body) as { containerDefinitions: object[] };
  const containerDefinitions = input.containerDefinitions.map((one) => ({
    memoryReservation: 6,
    ...one,
  }));
  return JSON.stringify({ ...input, containerDefinitions });
}
