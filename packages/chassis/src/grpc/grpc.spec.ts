import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, createClient, type ServiceImpl } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ServiceCallError } from '../calls/service-call-error.js';
import { currentContext, remainingMs, runInContext } from '../context/request-context.js';
import { HttpError } from '../errors/errors.js';
import { failure } from '../testing/call-failure.js';
import { startShelf, type Shelf } from '../testing/shelf.js';
import { ShelfService } from '../testing/shelf_pb.js';
import { createGrpcClient, type GrpcClientOptions } from './client.js';
import { Health, HealthCheckResponse_ServingStatus as Status } from './health_pb.js';
import { callingService } from './served-calls.js';
import type { GrpcServerOptions } from './server.js';

const log = { info: vi.fn(), warn: vi.fn() };
const started: Shelf[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ service }) => service.stop()));
});

type Handlers = Partial<ServiceImpl<typeof ShelfService>>;

async function shelf(handlers: Handlers, options?: Partial<GrpcServerOptions>): Promise<Shelf> {
  const one = await startShelf(handlers, options);
  started.push(one);
  return one;
}

function client(url: string, options: GrpcClientOptions = {}) {
  return createGrpcClient('shelf', ShelfService, { url, timeoutMs: 10_000, log, ...options });
}

const codeOf = ({ cause }: ServiceCallError) => Code[(cause as ConnectError).code];

describe('a gRPC call', () => {
  it('has the request id, the deadline and no more than the caller has left', async () => {
    const seen: unknown[] = [];
    const { url, lines } = await shelf({
      getBook: ({ title }) => {
        seen.push(currentContext()?.requestId, remainingMs());
        return { title, copies: 3 };
      },
    });
    const deadline = performance.now() + 8000;
    const book = await runInContext({ requestId: 'r-7', deadline }, () =>
      client(url).getBook({ title: 'Emma' }),
    );
    expect(book).toMatchObject({ title: 'Emma', copies: 3 });
    expect(seen[0]).toBe('r-7');
    expect(seen[1]).toBeGreaterThan(100);
    expect(seen[1]).toBeLessThanOrEqual(8000);
    expect(lines().find(({ msg }) => msg === 'call completed')).toMatchObject({
      requestId: 'r-7',
      call: 'shelf.v1.ShelfService/GetBook',
      code: 'ok',
    });
  });

  it('takes the deadline of a caller that knows only grpc-timeout', async () => {
    let left: number | undefined;
    const { url } = await shelf({ getBook: () => ((left = remainingMs()), {}) });
    const bare = createClient(ShelfService, createGrpcTransport({ baseUrl: url }));
    await bare.getBook({}, { timeoutMs: 7000 });
    expect(left).toBeGreaterThan(100);
    expect(left).toBeLessThanOrEqual(7000);
  });

  it('ends at its time limit, and the provider is told', async () => {
    const aborted = deferred();
    const { url } = await shelf({
      addBook: async (_book, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve());
        await sleep(5000, undefined, { signal }).catch(() => undefined);
        return {};
      },
    });
    const error = await failure(client(url, { timeoutMs: 100 }).addBook({}));
    expect(error).toMatchObject({ kind: 'timeout', statusCode: 504, attempts: 1 });
    await aborted.promise;
  });

  it('throws the reason of a signal unchanged', async () => {
    const { url } = await shelf({
      addBook: async (_book, { signal }) => {
        await sleep(5000, undefined, { signal }).catch(() => undefined);
        return {};
      },
    });
    const given = new AbortController();
    const reason = new Error('no longer wanted');
    setTimeout(() => given.abort(reason), 50);
    await expect(client(url).addBook({}, { signal: given.signal })).rejects.toBe(reason);
  });
});

describe('an error', () => {
  it.each([
    [400, Code.InvalidArgument],
    [401, Code.Unauthenticated],
    [403, Code.PermissionDenied],
    [404, Code.NotFound],
    [409, Code.AlreadyExists],
    [429, Code.ResourceExhausted],
  ])('keeps its meaning: HttpError %i', async (status, code) => {
    const { url } = await shelf({
      addBook: () => Promise.reject(new HttpError(status, 'no such book')),
    });
    const error = await failure(client(url).addBook({}));
    expect(error).toMatchObject({ kind: 'refused', status, attempts: 1 });
    expect(codeOf(error)).toBe(Code[code]);
    expect((error.cause as ConnectError).rawMessage).toBe('no such book');
    expect(error.message).toContain('shelf answered shelf.v1.ShelfService/AddBook with ');
  });

  it('that nobody expected tells the caller nothing, and the log everything', async () => {
    const { url, lines } = await shelf({
      addBook: () => Promise.reject(new Error('password is hunter2')),
    });
    const error = await failure(client(url).addBook({}));
    expect(error).toMatchObject({ kind: 'refused', status: 500, statusCode: 502 });
    expect(String(error.cause)).not.toContain('hunter2');
    const line = lines().find(({ msg }) => msg === 'call failed') as { err: { message: string } };
    expect(line.err.message).toBe('password is hunter2');
  });

  it('of a ConnectError keeps code and message', async () => {
    const { url } = await shelf({
      addBook: () => Promise.reject(new ConnectError('too late', Code.FailedPrecondition)),
    });
    const error = await failure(client(url).addBook({}));
    expect(codeOf(error)).toBe('FailedPrecondition');
    expect(error.message).toContain('with failed_precondition');
  });
});

describe('retries', () => {
  const unavailable = (times: number) => {
    let calls = 0;
    const handler = () => {
      calls++;
      if (calls <= times) throw new ConnectError('not now', Code.Unavailable);
      return { copies: calls };
    };
    return { handler, calls: () => calls };
  };

  it('repeat a method without side effects', async () => {
    const { handler } = unavailable(2);
    const { url } = await shelf({ getBook: handler });
    expect((await client(url).getBook({})).copies).toBe(3);
  });

  it('never repeat another method that reached the provider', async () => {
    const { handler, calls } = unavailable(1);
    const { url } = await shelf({ addBook: handler });
    expect(await failure(client(url).addBook({}))).toMatchObject({ status: 503, attempts: 1 });
    expect(calls()).toBe(1);
  });

  it('repeat any method that did not reach the provider', async () => {
    const port = await freePort();
    const error = await failure(client(`http://127.0.0.1:${port}`).addBook({}));
    expect(error).toMatchObject({ kind: 'unreachable', statusCode: 503, attempts: 3 });
  });

  it('leave alone what failed further behind, because that was repeated there', async () => {
    const behind = { provider: 'depot', call: 'GET /', attempts: 3, durationMs: 1 };
    let calls = 0;
    const { url } = await shelf({
      getBook: () => {
        calls++;
        throw new ServiceCallError({ kind: 'unreachable', reason: 'gone' }, behind);
      },
    });
    expect(await failure(client(url).getBook({}))).toMatchObject({ status: 503, attempts: 1 });
    expect(calls).toBe(1);
  });

  it('open the breaker, which then asks nobody', async () => {
    const { url } = await shelf({ addBook: () => Promise.reject(new Error('broken')) });
    const calls = client(url, { breaker: { minimumCalls: 5 } });
    for (let index = 0; index < 20; index++) await failure(calls.addBook({}));
    expect(await failure(calls.addBook({}))).toMatchObject({ kind: 'open', attempts: 0 });
  });
});

describe('service keys', () => {
  const keys = { orders: 'k'.repeat(20) };

  it('name the caller', async () => {
    const { url } = await shelf(
      { getBook: (_book, { values }) => ({ seen: values.get(callingService) }) },
      { keys },
    );
    const book = await client(url, { serviceKey: keys.orders }).getBook({});
    expect(book.seen).toBe('orders');
  });

  it.each([undefined, 'x'.repeat(20)])('refuse a caller with the key %s', async (serviceKey) => {
    const { url } = await shelf({ getBook: () => ({}) }, { keys });
    const error = await failure(client(url, { serviceKey }).getBook({}));
    expect(error).toMatchObject({ status: 401, attempts: 1 });
  });

  it('are not asked of the health check', async () => {
    const { url } = await shelf({}, { keys });
    const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
  });
});

describe('the health service', () => {
  it('knows the server and its services, and says when it stops', async () => {
    const { url, service } = await shelf({});
    const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
    const named = (name: string) => health.check({ service: name });
    expect(await named('shelf.v1.ShelfService')).toMatchObject({ status: Status.SERVING });
    await expect(named('depot.v1.Depot')).rejects.toMatchObject({ code: Code.NotFound });
    const statuses: Status[] = [];
    const watched = (async () => {
      for await (const { status } of health.watch({})) {
        statuses.push(status);
        if (status === Status.SERVING) service.lifecycle.stop();
      }
    })().catch((error: unknown) => error);
    await vi.waitFor(() => expect(statuses).toEqual([Status.SERVING, Status.NOT_SERVING]), 20_000);
    await service.stop();
    expect(await watched).toBeUndefined();
  });
});

describe('streams', () => {
  it('run in the context of their call, and map their errors', async () => {
    const { url } = await shelf({
      async *watchBook() {
        yield { seen: currentContext()?.requestId };
        await sleep(5);
        yield { seen: currentContext()?.requestId };
        throw new HttpError(404, 'gone');
      },
    });
    const seen: string[] = [];
    const read = runInContext({ requestId: 'r-9' }, async () => {
      for await (const { seen: id } of client(url).watchBook({})) seen.push(id);
    });
    expect(await failure(read)).toMatchObject({ kind: 'refused', status: 404 });
    expect(seen).toEqual(['r-9', 'r-9']);
  });

  it('take many messages', async () => {
    const { url } = await shelf({
      addBooks: async (books) => {
        let copies = 0;
        for await (const book of books) copies += book.copies;
        return { copies };
      },
    });
    async function* books() {
      for (let copies = 1; copies <= 4; copies++) yield await Promise.resolve({ copies });
    }
    expect((await client(url).addBooks(books())).copies).toBe(10);
  });
});

describe('a stop', () => {
  it('answers what has arrived', async () => {
    const held: ReturnType<typeof deferred>[] = [];
    const { url, service } = await shelf({
      addBook: async () => {
        const one = deferred();
        held.push(one);
        await one.promise;
        return { copies: 1 };
      },
    });
    const calls = Array.from({ length: 5 }, () => client(url).addBook({}));
    const open = Array<string>(5).fill('shelf.v1.ShelfService/AddBook');
    await vi.waitFor(() => expect(service.underWay()).toEqual(open), 20_000);
    const stopped = service.stop();
    for (const { resolve } of held) resolve();
    await stopped;
    expect((await Promise.all(calls)).map(({ copies }) => copies)).toEqual([1, 1, 1, 1, 1]);
  });

  it('loses no call while a replica is replaced under load', async () => {
    let added = 0;
    const handlers: Handlers = { addBook: () => sleep(2).then(() => ({ copies: ++added })) };
    const first = await shelf(handlers);
    let url = first.url;
    const calls = createGrpcClient('shelf', ShelfService, {
      discover: () => Promise.resolve(url),
      log,
    });
    let isOver = false;
    let asked = 0;
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        asked++;
        await calls.addBook({});
      }
    });
    try {
      await vi.waitFor(() => expect(added).toBeGreaterThan(50), 20_000);
      const second = await shelf(handlers);
      url = second.url;
      await first.service.stop();
      const before = added;
      await vi.waitFor(() => expect(added).toBeGreaterThan(before + 50), 20_000);
    } finally {
      isOver = true;
    }
    await Promise.all(load);
    expect(added).toBe(asked);
  });

  it('ends a stream that would never end', async () => {
    const { url, service } = await shelf({
      async *watchBook() {
        for (;;) {
          yield {};
          await sleep(10);
        }
      },
    });
    let seen = 0;
    const read = (async () => {
      for await (const _ of client(url).watchBook({})) seen++;
    })();
    const failed = failure(read);
    await vi.waitFor(() => expect(seen).toBeGreaterThan(1), 20_000);
    await service.stop();
    expect(await failed).toMatchObject({ statusCode: 503 });
  });

  it('does not wait for a caller that does not end its side of a stream', async () => {
    const received = deferred();
    const { url, service } = await shelf({
      addBooks: async (books) => {
        for await (const book of books) {
          received.resolve();
          return book;
        }
        return {};
      },
    });
    async function* books() {
      yield { title: 'Emma' };
      await new Promise(() => undefined);
    }
    const bare = createClient(ShelfService, createGrpcTransport({ baseUrl: url }));
    const answer = bare.addBooks(books());
    await received.promise;
    await service.stop();
    expect(await answer).toMatchObject({ title: 'Emma' });
  });

  it('is refused if the port is taken', async () => {
    const { grpc } = await shelf({});
    await expect(startShelf({}, { port: grpc.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
