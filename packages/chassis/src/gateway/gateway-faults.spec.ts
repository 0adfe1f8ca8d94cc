import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../../tools/testing/free-port.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { closedUrl, startProvider, type Provider } from '../testing/provider.js';
import { startExample, type ServiceProcess } from '../testing/service-process.js';
import type { GatewayOptions } from './gateway.js';

let orders: Provider;
let edge: TestGateway | undefined;

beforeEach(async () => {
  orders = await startProvider();
});
afterEach(async () => {
  vi.useRealTimers();
  await edge?.service.stop();
  edge = undefined;
  await orders.close();
});

async function start(url = orders.url, more: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const routes = ['/api/orders', '/slow', '/echo'].map((path) => ({ path }));
  const providers = [{ service: 'orders', url, routes }];
  return (edge = await startGateway({ providers, ...more }));
}

const BODY = { method: 'POST', body: '{"total":12}' };

/** Time only moves when a test says so, so that no time limit depends on how busy the machine is. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
}

/** Makes `orders` never answer. Resolves when it has received a whole request. */
function neverAnswered(): Promise<void> {
  return new Promise((resolve) => orders.answer((request) => request.resume().on('end', resolve)));
}

/** The state of a call when everything has happened that needs no time. */
async function settledStatus(call: Promise<Response>): Promise<number | undefined> {
  let status: number | undefined;
  void call.then((answer) => (status = answer.status));
  for (let turn = 0; turn < 50; turn++) await immediate();
  return status;
}

/** How many connections fail while `work` runs. */
async function failedConnections<T>(
  work: () => Promise<T>,
): Promise<{ result: T; failed: number }> {
  let failed = 0;
  const count = () => void failed++;
  subscribe('undici:client:connectError', count);
  try {
    return { result: await work(), failed };
  } finally {
    unsubscribe('undici:client:connectError', count);
  }
}

describe('a provider that is down', () => {
  it.each([{}, BODY])('is a 503 before the time limit: %o', async (options) => {
    // Longer than a test may take, so a wait for the limit would fail.
    const { url, lines } = await start(await closedUrl(), { timeoutMs: 3_600_000 });
    const { result: answer, failed } = await failedConnections(() =>
      fetch(`${url}/api/orders`, options),
    );
    // The first attempt, and those after pauses of 25, 50 and 100 ms.
    expect(failed).toBe(4);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'orders cannot be reached',
      service: 'orders',
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ provider: 'orders', msg: 'orders cannot be reached' }),
    );
  });

  it('is a 503 also if its name is unknown', async () => {
    const { url } = await start('http://orders.invalid:3001');
    const { result: answer, failed } = await failedConnections(() => fetch(`${url}/api/orders`));
    expect(answer.status).toBe(503);
    // As when the gateway's own container is off the network: pauses of 25 to 800 ms.
    expect(failed).toBe(7);
    expect(await answer.text()).not.toContain('invalid');
  });

  it('is a 503 during an upload, and the connection ends', async () => {
    const { url } = await start(await closedUrl());
    const upload = httpRequest(`${url}/api/orders`, { method: 'POST' });
    upload.on('error', () => undefined);
    upload.write(Buffer.alloc(1_000_000));
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(503);
    expect(answer.headers.connection).toBe('close');
    upload.destroy();
  });

  it.each([{}, BODY])('is tried again until it is back: %o', async (options) => {
    const port = await freePort();
    const { url } = await start(`http://127.0.0.1:${port}`);
    const call = fetch(`${url}/api/orders`, options);
    await sleep(60);
    const back = await startProvider(port);
    let body = '';
    back.answer((request, response) => {
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => response.end('back'));
    });
    try {
      expect(await (await call).text()).toBe('back');
      expect(body).toBe('body' in options ? options.body : '');
      expect(back.requests).toHaveLength(1);
    } finally {
      await back.close();
    }
  });
});

describe('a provider that is slow', () => {
  it('is a 504 at the time limit that names the provider, and the provider is told', async () => {
    const { url } = await start(orders.url, { timeoutMs: 200 });
    const arrived = neverAnswered();
    stopClock();
    const call = fetch(`${url}/api/orders`, BODY);
    await arrived;
    vi.advanceTimersByTime(199);
    expect(await settledStatus(call)).toBeUndefined();
    vi.advanceTimersByTime(1);
    const answer = await call;
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({
      message: 'orders did not answer in time',
      service: 'orders',
    });
    expect(orders.requests).toHaveLength(1);
    const { socket } = orders.requests[0]!;
    if (!socket.destroyed) await once(socket, 'close');
  });

  it('is waited for no longer than the caller waits', async () => {
    const { url } = await start(orders.url, { callersAreInside: true });
    const arrived = neverAnswered();
    stopClock();
    const call = fetch(`${url}/api/orders`, { headers: { 'x-deadline-ms': '150' } });
    await arrived;
    expect(orders.requests[0]!.headers['x-deadline-ms']).toBe('150');
    vi.advanceTimersByTime(149);
    expect(await settledStatus(call)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect((await call).status).toBe(504);
    const late = await fetch(`${url}/api/orders`, { headers: { 'x-deadline-ms': '0' } });
    expect(late.status).toBe(504);
    expect(orders.requests).toHaveLength(1);
  });

  it('has no time limit after the answer has begun', async () => {
    orders.answer((_request, response) => {
      response.write('a');
      setTimeout(() => response.end('b'), 400);
    });
    const { url } = await start(orders.url, { timeoutMs: 200 });
    expect(await (await fetch(`${url}/api/orders`)).text()).toBe('ab');
  });
});

describe('a provider that breaks off', () => {
  it('before the answer: a GET is repeated', async () => {
    orders.answer((request, response) => {
      if (orders.requests.length === 1) request.socket.resetAndDestroy();
      else response.end('again');
    });
    const { url } = await start();
    expect(await (await fetch(`${url}/api/orders`)).text()).toBe('again');
    expect(orders.requests).toHaveLength(2);
  });

  it.each([BODY, { method: 'POST' }, { method: 'DELETE' }])(
    'before the answer: %o is a 502 and not repeated, because it may have been processed',
    async (options) => {
      orders.answer((request) => request.socket.resetAndDestroy());
      const { url } = await start();
      const answer = await fetch(`${url}/api/orders`, options);
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ message: 'orders broke off', service: 'orders' });
      expect(orders.requests).toHaveLength(1);
    },
  );

  it('every time: a GET ends as a 502', async () => {
    orders.answer((request) => request.socket.resetAndDestroy());
    const { url } = await start();
    expect((await fetch(`${url}/api/orders`)).status).toBe(502);
    expect(orders.requests).toHaveLength(4);
  });

  it('during the answer: the answer breaks off, too', async () => {
    orders.answer((request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      setTimeout(() => request.socket.resetAndDestroy(), 50);
    });
    const { url } = await start();
    const answer = await fetch(`${url}/api/orders`);
    await expect(answer.text()).rejects.toThrow();
  });

  it('with something that is not HTTP: a 502', async () => {
    orders.answer((request) => request.socket.end('nonsense\r\n\r\n'));
    const { url } = await start();
    expect((await fetch(`${url}/api/orders`, BODY)).status).toBe(502);
  });
});

/** Long, so that pauses of a busy machine are short compared with it. */
const PATIENT = { STOP_DELAY_MS: '1500', STOP_TIMEOUT_MS: '20000' };

describe('a provider that is being replaced', { timeout: 120_000 }, () => {
  it.each([
    // As in Docker's networks. If a replica closes its port before it has accepted a connection, the connection is
    // reset. Then only requests that are safe to repeat are repeated.
    { until: 'it is gone', methods: ['GET'] },
    // As in Kubernetes.
    { until: 'it stops', methods: ['GET', 'POST'] },
  ])(
    'fails no $methods under load if its name resolves until $until',
    async ({ until, methods }) => {
      // Replicas are processes, so that each announces its end on its own, like a container.
      const PORT = String(await freePort());
      const replicas: (ServiceProcess & { host: string })[] = [];
      const startReplica = async (host: string) => {
        replicas.push({ ...(await startExample({ HOST: host, PORT, ...PATIENT })), host });
      };
      const lookup: LookupFunction = (_name, _options, found) =>
        found(
          null,
          replicas.map(({ host }) => ({ address: host, family: 4 })),
        );
      vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
      const statuses: number[] = [];
      let isOver = false;
      try {
        await startReplica('127.0.0.1');
        const { url } = await start(`http://orders.test:${PORT}`);
        // Steady callers keep their connections. Those that pause find theirs closed.
        const call = async (path: string, pauseMs: number, options: RequestInit) => {
          while (!isOver) {
            const answer = await fetch(url + path, options);
            await answer.arrayBuffer();
            statuses.push(answer.status);
            await sleep(pauseMs);
          }
        };
        const headers = { 'content-type': 'application/json' };
        const post = { method: 'POST', headers, body: '{"total":1}' };
        const load = [1, 5, 60, 95, 130, 300].flatMap((pause) =>
          methods.map((method) =>
            method === 'GET' ? call('/slow/2', pause, {}) : call('/echo', pause, post),
          ),
        );
        for (const host of ['127.0.0.2', '127.0.0.1']) {
          await startReplica(host);
          const [old] = replicas;
          if (until === 'it stops') replicas.shift();
          old!.signal('SIGTERM');
          expect(await old!.exited).toBe(0);
          if (until === 'it is gone') replicas.shift();
        }
        await sleep(200);
        isOver = true;
        await Promise.all(load);
      } finally {
        isOver = true;
        vi.restoreAllMocks();
        for (const { signal, exited } of replicas) {
          signal('SIGKILL');
          await exited;
        }
      }
      expect(statuses.length).toBeGreaterThan(100);
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
    },
  );
});

describe('an event stream', () => {
  it('ends when its provider stops, and delays neither of them', async () => {
    const provider = await startExample();
    try {
      const routes = [{ path: '/events' }];
      const providers = [{ service: 'orders', url: provider.url, routes }];
      edge = await startGateway({ providers });
      const stream = await fetch(`${edge.url}/events`);
      expect(stream.headers.get('content-type')).toBe('text/event-stream');
      provider.signal('SIGTERM');
      expect(await stream.text()).toContain('data: tick');
      expect(await provider.exited).toBe(0);
    } finally {
      provider.signal('SIGKILL');
    }
  });

  it('ends with the gateway', async () => {
    const provider = await startExample();
    try {
      const providers = [{ service: 'orders', url: provider.url, routes: [{ path: '/events' }] }];
      edge = await startGateway({ providers });
      const stream = await fetch(`${edge.url}/events`);
      const stopped = edge.service.stop();
      expect(await stream.text()).toContain('data: tick');
      await stopped;
    } finally {
      provider.signal('SIGKILL');
    }
  });
});
