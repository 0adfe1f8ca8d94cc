import { fastify } from 'fastify';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { requestContext, requestIdOptions, runInContext } from '../context/request-context.js';
import { logLines } from '../testing/log-lines.js';
import { runWith } from '../testing/run-with.js';
import { loggerOptions } from './logger.js';

const config = { NODE_ENV: 'production', LOG_LEVEL: 'info', SERVICE_VERSION: '1.2.3' } as const;

function logger() {
  const { lines, stream } = logLines();
  return { lines, log: pino(loggerOptions('orders', config), stream) };
}

it('names the service in each line', () => {
  const { lines, log } = logger();
  log.info('hello');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.any(Number) as number,
      service: 'orders',
      version: '1.2.3',
      environment: 'production',
      msg: 'hello',
    },
  ]);
});

describe('redaction', () => {
  const secrets = {
    authorization: 'Bearer hunter2',
    cookie: 'hunter2',
    'set-cookie': ['hunter2'],
    'x-api-key': 'hunter2',
    'x-service-key': 'hunter2',
  };

  it.each([
    secrets,
    { headers: secrets },
    { req: { headers: secrets } },
    { res: { headers: secrets } },
    { request: { headers: secrets } },
    { response: { headers: secrets } },
    { err: Object.assign(new Error('failed'), { config: { headers: secrets } }) },
    { err: Object.assign(new Error('failed'), { response: { headers: secrets } }) },
  ])('hides the secret headers, case %#', (line) => {
    const { lines, log } = logger();
    log.info({ ...line, kept: 'yes' });
    expect(lines[0]).toMatchObject({ kept: 'yes' });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

describe('the request id', () => {
  it("is in lines of the service's logger within a context", () => {
    const { lines, log } = logger();
    runInContext({ requestId: 'abc' }, () => log.info({ order: 12 }, 'placed'));
    log.info('after');
    expect(lines[0]).toMatchObject({ requestId: 'abc', order: 12, msg: 'placed' });
    expect(lines[1]).not.toHaveProperty('requestId');
  });

  it('is once in each line of a request', async () => {
    const raw: string[] = [];
    const app = fastify({
      ...requestIdOptions(),
      logger: {
        ...loggerOptions('orders', config),
        stream: { write: (line: string) => void raw.push(line) },
      },
    });
    requestContext(app);
    app.get('/', (request) => {
      request.log.info('of the request');
      request.log.child({ part: 1 }).info('of a child');
      app.log.info('of the app');
      return {};
    });
    await app.inject({ url: '/', headers: { 'x-request-id': 'abc' } });
    expect(raw).toHaveLength(5);
    for (const line of raw) expect(line.match(/"requestId":"abc"/g)).toHaveLength(1);
  });

  it('does not change the level of a route', async () => {
    const { lines, stream } = logLines();
    const app = fastify({
      logger: { ...loggerOptions('orders', config), stream },
    });
    app.get('/', { logLevel: 'warn' }, () => ({}));
    await app.inject('/');
    expect(lines).toEqual([]);
  });
});

describe('standard output', () => {
  /** Runs `code`, which has `log` and `logWritten`, in a process that is then killed. Returns the messages that it wrote. */
  async function messagesOf(code: string): Promise<string[]> {
    const { stdout } = await runWith(
      {},
      `const { createLogger, logWritten } = await import(process.argv[1]);
       const log = createLogger('orders', ${JSON.stringify(config)});
       ${code}
       process.kill(process.pid, 'SIGKILL');`,
      new URL('logger.ts', import.meta.url).href,
    );
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  }

  it('has all lines in order when they are said to be written', async () => {
    const messages = Array.from({ length: 300 }, (_, index) => `Käse für ${index} €`);
    const code = `for (const message of ${JSON.stringify(messages)}) log.info(message);
      await logWritten();`;
    expect(await messagesOf(code)).toEqual(messages);
  });

  it('has a fatal line at once, and those that waited', async () => {
    const messages = await messagesOf(`log.info('first'); log.info('waits'); log.fatal('last');`);
    expect(messages).toEqual(expect.arrayContaining(['waits', 'last']));
  });
});
