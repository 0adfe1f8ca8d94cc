import { describe, expect, it, vi } from 'vitest';
import { Connections } from './connections.js';

const TWO = ['http://10.0.0.1:4001', 'http://10.0.0.2:4001'];

describe('the connections to a provider', () => {
  it('are used in turn, one for each address', async () => {
    const connections = new Connections(() => Promise.resolve(TWO));
    const used = [];
    for (let call = 0; call < 4; call++) {
      used.push((await connections.next('http://shelf:4001')).transport);
    }
    expect(used[0]).not.toBe(used[1]);
    expect(used[2]).toBe(used[0]);
    expect(used[3]).toBe(used[1]);
  });

  it('leave out an address that failed, while there is another one', async () => {
    const addresses = vi.fn(() => Promise.resolve(TWO));
    const connections = new Connections(addresses);
    const first = await connections.next('http://shelf:4001');
    first.failed();
    const next = [
      await connections.next('http://shelf:4001'),
      await connections.next('http://shelf:4001'),
    ];
    expect(next[0]!.transport).toBe(next[1]!.transport);
    expect(next[0]!.transport).not.toBe(first.transport);
    expect(addresses).toHaveBeenCalledTimes(2);
  });

  it('use the only address again, with a new connection', async () => {
    const connections = new Connections(() => Promise.resolve(['http://10.0.0.1:4001']));
    const first = await connections.next('http://shelf:4001');
    first.failed();
    const second = await connections.next('http://shelf:4001');
    expect(second.transport).not.toBe(first.transport);
  });

  it('find new addresses while calls go on, and keep the old ones if the name server is down', async () => {
    vi.useFakeTimers();
    try {
      let finds = (_list: string[]) => {};
      const found = new Promise<string[]>((resolve) => (finds = resolve));
      const addresses = vi
        .fn<() => Promise<string[]>>()
        .mockResolvedValueOnce(TWO.slice(0, 1))
        .mockRejectedValueOnce(new Error('no name server'))
        .mockReturnValue(found);
      const connections = new Connections(addresses);
      const next = async () => (await connections.next('http://shelf:4001')).transport;
      const first = await next();
      vi.advanceTimersByTime(6000);
      expect(await next()).toBe(first);
      expect(await next()).toBe(first);
      vi.advanceTimersByTime(6000);
      expect(await next()).toBe(first);
      finds(TWO.slice(1));
      await found;
      expect(await next()).not.toBe(first);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(['http://localhost:4001', 'http://127.0.0.1:4001', 'https://shelf.example.com'])(
    'do not look up %s',
    async (url) => {
      const connections = new Connections();
      const [one, two] = [await connections.next(url), await connections.next(url)];
      expect(one.transport).toBe(two.transport);
    },
  );
});
