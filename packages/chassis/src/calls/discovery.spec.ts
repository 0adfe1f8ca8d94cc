import { describe, expect, it, vi } from 'vitest';
import { chooseSrv, fromDns, fromEnvironment, inOrder, urlVariable } from './discovery.js';

describe('fromEnvironment', () => {
  it('reads the variable of the link', async () => {
    const env = { MICROSERVICE_USER_PROFILES_URL: 'http://user-profiles:3002' };
    expect(await fromEnvironment(env)('user-profiles')).toBe('http://user-profiles:3002');
  });

  it('says which one is missing', async () => {
    await expect(fromEnvironment({})('orders')).rejects.toThrow(
      'MICROSERVICE_ORDERS_URL is not set; add the link to service.yml',
    );
  });

  it.each([
    ['orders', 'MICROSERVICE_ORDERS_URL'],
    ['order-items.v2', 'MICROSERVICE_ORDER_ITEMS_V2_URL'],
  ])('names the variable of %s %s', (service, variable) => {
    expect(urlVariable(service)).toBe(variable);
  });
});

describe('inOrder', () => {
  const unknown = (reason: string) => () => Promise.reject(new Error(reason));

  it('asks until one knows the service', async () => {
    const last = vi.fn(() => Promise.resolve('http://c'));
    const discover = inOrder(unknown('no'), () => Promise.resolve('http://b'), last);
    expect(await discover('orders')).toBe('http://b');
    expect(last).not.toHaveBeenCalled();
  });

  it('reports the answer of each', async () => {
    await expect(inOrder(unknown('not set'), unknown('Consul is down'))('orders')).rejects.toThrow(
      'no URL for "orders": not set; Consul is down',
    );
  });
});

describe('fromDns', () => {
  it('leaves the name to the connection if the port is known', async () => {
    const discover = fromDns({ domain: 'default.svc.cluster.local', port: 3000 });
    expect(await discover('orders')).toBe('http://orders.default.svc.cluster.local:3000');
  });

  const record = (name: string, priority: number, weight: number) => ({
    name,
    priority,
    weight,
    port: 3000,
  });

  it.each([
    [0, 'a'],
    [0.24, 'a'],
    [0.26, 'b'],
    [0.999, 'b'],
  ])('chooses by priority and weight: %d is %s', (random, name) => {
    const records = [record('backup', 20, 100), record('a', 10, 1), record('b', 10, 3)];
    expect(chooseSrv(records, random)?.name).toBe(name);
  });

  it('chooses a record of weight 0 if there is no other', () => {
    expect(chooseSrv([record('a', 10, 0)], 0.5)?.name).toBe('a');
    expect(chooseSrv([], 0.5)).toBeUndefined();
  });
});
