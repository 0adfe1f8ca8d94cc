import { request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { serveLocally } from './local-server';

async function serve() {
  const server = await serveLocally(0, {
    '/': () => Promise.resolve({ type: 'text/html', body: '<p>hello' }),
    '/broken': () => Promise.reject(new Error('no')),
  });
  onTestFinished(() => server.close());
  return server;
}

/** `fetch` cannot set the Host header. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

it('serves the given paths and nothing else', async () => {
  const { url } = await serve();
  const answer = await fetch(url);
  expect(await answer.text()).toBe('<p>hello');
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const statuses = ['?a=b', 'else', 'broken', 'toString'].map(
    async (path) => (await fetch(url + path)).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 404, 500, 404]);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});

it('listens on 127.0.0.1, and refuses requests with another host name', async () => {
  const { url } = await serve();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await statusFor(url, 'localhost:1234')).toBe(200);
  expect(await statusFor(url, 'evil.example')).toBe(403);
  expect(await statusFor(url, '127.0.0.1.evil.example')).toBe(403);
});

it('says that the port is taken', async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port);
  await expect(serveLocally(port, {})).rejects.toThrow(`port ${port} is taken`);
});
