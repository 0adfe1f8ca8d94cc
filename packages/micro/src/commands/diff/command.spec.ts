import { describe, expect, it } from 'vitest';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { diffCommand } from './command';

const services = Object.fromEntries(
  ['orders', 'users'].flatMap((name) => [
    [`apps/${name}/service.yml`, 'port: 3001\n'],
    [`apps/${name}/package.json`, JSON.stringify({ name })],
  ]),
);

const run = async (line: string) =>
  runCommand(
    diffCommand,
    temporaryWorkspace({
      ...services,
      'environments/staging.yml': 'services: { orders: { environment: { LOG_LEVEL: debug } } }\n',
      'environments/production.yml': 'context: far\n',
    }),
    line,
  );

describe('micro diff', () => {
  it('shows both sides of each value', async () => {
    expect((await run('staging production')).output.split('\n')).toEqual([
      '                                       staging  production',
      'context                                -        far',
      'services.orders.environment.LOG_LEVEL  debug    -',
    ]);
    expect(JSON.parse((await run('staging production --json')).output)).toHaveLength(2);
    expect((await run('staging staging')).output).toBe('staging and staging do not differ');
  });

  it('shows sources of secrets, limits and links', async () => {
    const root = temporaryWorkspace({
      ...services,
      'environments/one.yml':
        'services: { orders: { resources: { memory: 256M }, secrets: { KEY: { file: ./key } } } }\n',
      'environments/two.yml':
        'links: { users: "https://users.example.com" }\nservices: { orders: { secrets: { KEY: { command: [pass, key] } } } }\n',
      key: 'hunter2',
    });
    const { output } = await runCommand(diffCommand, root, 'one two');
    expect(output.split('\n').slice(1)).toEqual([
      'links.users                          -      https://users.example.com',
      'services.orders.resources.memory     256M   -',
      'services.orders.secrets.KEY.command  -      ["pass","key"]',
      'services.orders.secrets.KEY.file     ./key  -',
    ]);
  });

  it.each([
    ['staging', 'usage: micro diff'],
    ['staging production more', 'usage: micro diff'],
    ['staging prodution', 'there is no environment "prodution"'],
  ])('reports what is wrong with "%s"', async (line, message) => {
    await expect(async () => run(line)).rejects.toThrow(message);
  });
});
