import { expect, it } from 'vitest';
import { withOwnPorts } from './own-ports.js';

it('publishes on other ports, and changes nothing else', async () => {
  const before = `services:
  cache:
    ports: ['127.0.0.1:14001:6379']
  database:
    environment: { URL: 'http://127.0.0.1:3001/' }
    ports:
      - 127.0.0.1:13001:5432
`;
  const { text, ports } = await withOwnPorts(before);
  expect([...ports.keys()]).toEqual([14001, 13001]);
  const [cache, database] = [...ports.values()];
  expect(cache).not.toBe(database);
  expect(text).toBe(
    before.replace('14001', String(cache)).replace('127.0.0.1:13001', `127.0.0.1:${database}`),
  );
});
