import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { freePort } from '../../../../tools/testing/free-port.js';
import { createClient } from '../client.js';
import { gateway } from '../gateway.js';
import { createService, readConfig, type Service } from '../index.js';

/**
 * A call from service to service, and one through a gateway, with a regular stop. Run with each supported version of
 * Node.
 */
const provider = createServer((request, response) => response.end(JSON.stringify(request.url)));
provider.listen(0, '127.0.0.1');
await once(provider, 'listening');
const url = urlOf(provider.address());

const service = await started('orders', async (app) => {
  const users = createClient('users', { url });
  app.get('/api/orders', async () => ({ user: await users.get('/users/7') }));
  await Promise.resolve();
});
const orders = urlOf(service.app.server.address());
const routes = [{ path: '/api/orders' }];
const proxied = gateway({ providers: [{ service: 'orders', url: orders, routes }] });
const edge = await started('gateway', async (app) => void (await app.register(proxied.routes)));

const answer = await fetch(`${urlOf(edge.app.server.address())}/api/orders`);
console.log(answer.status, await answer.text());
// With a connection that never sent a request.
const idle = connect(Number(new URL(orders).port), '127.0.0.1');
await once(idle, 'connect');
await edge.stop();
await service.stop();
idle.destroy();
provider.close();
console.log('stopped');

async function started(
  name: string,
  routes: (app: Service['app']) => Promise<void>,
): Promise<Service> {
  const PORT = String(await freePort());
  const env = { NODE_ENV: 'production', LOG_LEVEL: 'silent', HOST: '127.0.0.1' };
  const made = createService({ name, config: readConfig(name, {}, { ...env, PORT }), routes });
  await made.start();
  return made;
}

function urlOf(address: unknown): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}
