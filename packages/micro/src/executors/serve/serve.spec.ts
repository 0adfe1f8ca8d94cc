import { expect, it, vi } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { server } from '../../testing/engine-workspace';
import { temporaryWorkspace, writeFiles } from '../../testing/temporary-workspace';
import serveExecutor from './executor';

it('serves from the sources, restarts after a change, survives a mistake and ends when it is told', async () => {
  // Any free port, told by a file: one that is chosen beforehand can be taken meanwhile.
  const main = (text: string) => ({
    'apps/orders/src/main.ts': `import { writeFileSync } from 'node:fs';
${server(text).replace('Number(process.env.PORT)', '0')}
server.on('listening', () => writeFileSync('port', String(server.address().port)));
`,
  });
  const root = temporaryWorkspace({
    'package.json': '{ "name": "acme" }',
    'apps/orders/service.yml': 'port: 3001\n',
    ...main('one'),
  });
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const before = process.listeners('SIGTERM');
  const ended = serveExecutor({}, {
    root,
    projectName: 'orders',
    projectsConfigurations: { version: 2, projects: { orders: { root: 'apps/orders' } } },
  } as unknown as Parameters<typeof serveExecutor>[1]);
  const answer = async () => {
    const port = readFileSync(join(root, 'apps/orders/port'), 'utf8');
    const signal = AbortSignal.timeout(2000);
    return (await fetch(`http://127.0.0.1:${port}/`, { signal })).text();
  };
  const soon = { timeout: 25_000, interval: 50 };
  await vi.waitFor(async () => expect(await answer()).toBe('one'), soon);

  writeFiles(root, { 'apps/orders/src/main.ts': 'const;\n' });
  await vi.waitFor(() => expect(errors).toHaveBeenCalled(), soon);
  expect(errors.mock.calls.join('\n')).toContain(
    'apps/orders/src/main.ts:1:6: Expected identifier',
  );
  await vi.waitFor(async () => expect(await answer()).toBe('one'), soon);

  writeFiles(root, main('two'));
  await vi.waitFor(async () => expect(await answer()).toBe('two'), soon);

  // Only to this executor: the process that runs the tests has listeners of its own.
  const [end] = process.listeners('SIGTERM').filter((listener) => !before.includes(listener));
  end!('SIGTERM');
  expect(await ended).toEqual({ success: true });
  await expect(answer()).rejects.toThrow();
  vi.restoreAllMocks();
}, 90_000);
