import { expect, it, vi } from 'vitest';
import { parseEnvironment } from '../../../platform/environment';
import { recordedTask } from '../../../testing/service-task';
import type { DeployOptions } from '../../deploy-options';
import { normaliseOptions } from '../../deploy-options';
import { addDevelopmentPasswords } from './development-passwords';

async function passwords(name: string, text: string, options: DeployOptions = {}) {
  const task = recordedTask({
    'package.json': '{ "name": "acme" }',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores: { cache: redis }\n',
  });
  await addDevelopmentPasswords({
    ...task,
    environment: parseEnvironment(name, text),
    mode: normaliseOptions(options),
    tell: task.say,
  } as unknown as Parameters<typeof addDevelopmentPasswords>[0]);
  return { said: task.said, env: task.read('.env') };
}

it('makes the passwords of development on this machine, and names them', async () => {
  const { said, env } = await passwords('development', '');
  expect(env).toMatch(/^ORDERS_CACHE_PASSWORD=[0-9a-f]{48}\n$/);
  expect(said).toEqual(['.env: added ORDERS_CACHE_PASSWORD']);
});

it.each<[string, string, DeployOptions]>([
  ['production', '', {}],
  ['development', 'host: ssh://deploy@example.com', {}],
  ['development', 'context: far', {}],
  ['development', '', { rollback: true }],
])('makes none for %s with %j and %j', async (name, text, options) => {
  expect(await passwords(name, text, options)).toEqual({ said: [], env: undefined });
});

it('makes none that the process already has', async () => {
  vi.stubEnv('ORDERS_CACHE_PASSWORD', 'given');
  expect((await passwords('development', '')).env).toBeUndefined();
  vi.unstubAllEnvs();
});
