import { afterEach, beforeEach, expect, it } from 'vitest';
import { startProvider, type Provider } from '../testing/provider.js';
import { fromConsul } from './consul.js';

let consul: Provider;
beforeEach(async () => {
  consul = await startProvider();
});
afterEach(() => consul.close());

function knows(...instances: { address?: string; node?: string; port?: number }[]): void {
  const answer = instances.map(({ address = '', node = '10.0.0.9', port = 3000 }) => ({
    Node: { Address: node },
    Service: { Address: address, Port: port },
  }));
  consul.answer((_request, response) => response.end(JSON.stringify(answer)));
}

it('takes turns among the instances that pass their checks', async () => {
  knows({ address: '10.0.0.1' }, { address: 'fd00::2', port: 3001 }, {});
  const discover = fromConsul({ url: consul.url, token: 't', datacenter: 'eu', tag: 'v2' });
  const urls = [await discover('orders'), await discover('orders'), await discover('orders')];
  expect(urls).toEqual(['http://10.0.0.1:3000', 'http://[fd00::2]:3001', 'http://10.0.0.9:3000']);
  expect(await discover('orders')).toBe(urls[0]);
  expect(consul.requests).toHaveLength(1);
  expect(consul.requests[0]?.url).toBe('/v1/health/service/orders?passing=true&dc=eu&tag=v2');
  expect(consul.requests[0]?.headers['x-consul-token']).toBe('t');
});

it('asks again after a while, once for all that wait', async () => {
  knows({ address: '10.0.0.1' });
  const discover = fromConsul({ url: consul.url, cacheMs: 0 });
  await Promise.all([discover('orders'), discover('orders')]);
  expect(consul.requests).toHaveLength(1);
  knows({ address: '10.0.0.2' });
  expect(await discover('orders')).toBe('http://10.0.0.2:3000');
});

it('uses the last known instances while Consul fails', async () => {
  knows({ address: '10.0.0.1' });
  const discover = fromConsul({ url: consul.url, cacheMs: 0 });
  await discover('orders');
  consul.answer((_request, response) => response.writeHead(500).end());
  expect(await discover('orders')).toBe('http://10.0.0.1:3000');
  await consul.close();
  expect(await discover('orders')).toBe('http://10.0.0.1:3000');
  consul = await startProvider();
});

it('says that no instance is healthy, or that Consul does not answer', async () => {
  knows();
  const discover = fromConsul({ url: consul.url, cacheMs: 0, timeoutMs: 100 });
  await expect(discover('orders')).rejects.toThrow('Consul knows no healthy instance of "orders"');
  consul.answer(() => undefined);
  await expect(discover('users')).rejects.toThrow('Consul could not be asked for "users"');
});
