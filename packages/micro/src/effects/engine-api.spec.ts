import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { openEngineApi } from './engine-api';

/** A `docker system dial-stdio` for the engine of this test. As the real one, it does not end on SIGTERM. */
const CLIENT = (socket: string) => `#!${process.execPath}
const engine = require('node:net').connect(${JSON.stringify(socket)});
engine.on('error', () => { console.error('dial unix: connection refused'); process.exit(1); });
process.stdin.pipe(engine).pipe(process.stdout);
engine.on('close', () => process.exit(0));
process.on('SIGTERM', () => undefined);
require('node:fs').writeFileSync(${JSON.stringify(`${socket}.pid`)}, String(process.pid));
`;

const VERSION = { ApiVersion: '1.45', MinAPIVersion: '1.24' };
const START = { method: 'POST', path: '/containers/a/start' } as const;
const LIST = { method: 'GET', path: '/containers/json' } as const;

describe('openEngineApi', () => {
  let root: string;
  let engine: Server;
  let asked: string[];
  let version: object;
  let answer: RequestListener;

  beforeEach(async () => {
    root = temporaryWorkspace({ 'bin/.keep': '' });
    const client = join(root, 'bin/docker');
    writeFileSync(client, CLIENT(join(root, 'engine.sock')));
    chmodSync(client, 0o755);
    vi.stubEnv('PATH', `${join(root, 'bin')}${delimiter}${process.env['PATH']}`);
    asked = [];
    version = VERSION;
    answer = (_request, response) => void response.end('{}');
    engine = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (request.url === '/version') return void response.end(JSON.stringify(version));
      answer(request, response);
    });
    await new Promise<void>((resolve) => engine.listen(join(root, 'engine.sock'), resolve));
  });

  afterEach(() => {
    engine.closeAllConnections();
    engine.close();
    vi.unstubAllEnvs();
  });

  /** How an answer was not to be had. */
  const howOf = (work: Promise<unknown>) =>
    work.then(
      () => 'answered',
      (error: { how?: string }) => error.how,
    );

  it.each([
    ['the version of an older engine', { ApiVersion: '1.41' }, '1.41'],
    ['the newest that it knows', { ApiVersion: '1.99', MinAPIVersion: '1.44' }, '1.51'],
    [
      'the oldest that a much newer engine knows',
      { ApiVersion: '1.99', MinAPIVersion: '1.60' },
      '1.60',
    ],
  ])('speaks %s', async (_, told, spoken) => {
    version = told;
    await openEngineApi({}, root).ask(LIST);
    expect(asked).toEqual(['GET /version', `GET /v${spoken}/containers/json`]);
  });

  it('sends a body and gives the answer as it is', async () => {
    let body = '';
    answer = (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => response.writeHead(409).end('no'));
    };
    const request = { method: 'POST', path: '/volumes/create', body: { Name: 'é' } } as const;
    expect(await openEngineApi({}, root).ask(request)).toEqual({ status: 409, body: 'no' });
    expect(body).toBe('{"Name":"é"}');
  });

  it('has requests share a line, and opens another one only if none becomes free', async () => {
    let lines = 0;
    engine.on('connection', () => lines++);
    const api = openEngineApi({}, root);
    await Promise.all(Array.from({ length: 20 }, () => api.ask(LIST)));
    expect(lines).toBeLessThan(4);
    const before = lines;
    answer = ({ url }, response) => {
      if (!url?.includes('start')) response.end('{}');
    };
    const never = new AbortController();
    const starting = api.ask(START, { signal: never.signal });
    // Also if every line is taken by something that lasts.
    const lasting = Array.from({ length: before }, () => api.ask(START, { signal: never.signal }));
    await api.ask(LIST);
    await Promise.allSettled(lasting.map((one) => Promise.race([one, api.ask(LIST)])));
    never.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
    for (const one of lasting) await expect(one).rejects.toThrow('enough');
  });

  it.each([LIST, START])('was sent nothing if no engine is there: $method', async (request) => {
    engine.close();
    expect(await howOf(openEngineApi({}, root).ask(request))).toBe('unsent');
  });

  it('was sent nothing if the engine is gone when a command is to follow', async () => {
    const api = openEngineApi({}, root);
    await api.ask(LIST);
    const gone = new Promise((resolve) => engine.close(resolve));
    engine.closeAllConnections();
    await gone;
    await vi.waitFor(async () => expect(await howOf(api.ask(START))).toBe('unsent'));
  });

  it('does not know what became of a command whose answer is lost', async () => {
    answer = (request) => request.socket.destroy();
    const api = openEngineApi({}, root);
    expect(await howOf(api.ask(START))).toBe('lost');
    answer = (_request, response) => void response.end('{}');
    expect(await howOf(api.ask(START))).toBe('answered');
  });

  it('ends a request that takes too long', async () => {
    answer = () => undefined;
    const late = openEngineApi({}, root).ask(LIST, { timeout: 300 });
    await expect(late).rejects.toMatchObject({
      how: 'late',
      message: 'deadline exceeded: no answer within 0.3 s',
    });
  });

  it('goes on asking for the version if another request wants it, too', async () => {
    let tell = () => {};
    engine.removeAllListeners('request');
    engine.on('request', ({ url }: { url: string }, response: ServerResponse) => {
      asked.push(url);
      if (url !== '/version') return void response.end('{}');
      tell = () => void response.end(JSON.stringify(VERSION));
    });
    const api = openEngineApi({}, root);
    const late = api.ask(LIST, { timeout: 200 });
    const patient = api.ask(LIST);
    expect(await howOf(late)).toBe('late');
    // On a busy machine, the question may come after the first caller gave up.
    await vi.waitFor(() => expect(asked).toEqual(['/version']), { timeout: 30_000 });
    tell();
    expect(await patient).toEqual({ status: 200, body: '{}' });
    expect(asked).toEqual(['/version', '/v1.45/containers/json']);
  });

  it('asks for the version again if all who wanted it gave up', async () => {
    let isSilent = true;
    engine.removeAllListeners('request');
    engine.on('request', (_request: unknown, response: ServerResponse) => {
      if (!isSilent) response.end(JSON.stringify(VERSION));
    });
    const api = openEngineApi({}, root);
    const late = [api.ask(LIST, { timeout: 200 }), api.ask(LIST, { timeout: 250 })];
    expect(await Promise.all(late.map(howOf))).toEqual(['late', 'late']);
    isSilent = false;
    expect(await api.ask(LIST)).toMatchObject({ status: 200 });
  });

  it('has no process left when it is closed, and opens a line again if it is asked', async () => {
    const api = openEngineApi({}, root);
    await api.close();
    await api.ask(LIST);
    const client = Number(readFileSync(join(root, 'engine.sock.pid'), 'utf8'));
    expect(process.kill(client, 0)).toBe(true);
    await api.close();
    expect(() => process.kill(client, 0)).toThrow('ESRCH');
    await api.close();
    expect(await api.ask(LIST)).toEqual({ status: 200, body: '{}' });
  });

  it('ends a request that waits for a line at once', async () => {
    const api = openEngineApi({}, root);
    await api.ask(LIST);
    answer = () => undefined;
    const first = howOf(api.ask(LIST, { timeout: 1000 }));
    const late = Array.from({ length: 8 }, () => howOf(api.ask(LIST, { timeout: 10 })));
    expect(await Promise.all(late)).toEqual(Array(8).fill('late'));
    expect(await Promise.race([first, Promise.resolve('not yet')])).toBe('not yet');
    await first;
  });
});
