import type { ExecutorContext } from '@nx/devkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { server } from '../../testing/engine-workspace';
import { temporaryWorkspace, writeFiles } from '../../testing/temporary-workspace';
import serveExecutor, { debugPort } from './executor';

const MAIN = 'apps/orders/src/main.ts';
const soon = { timeout: 25_000, interval: 50 };

/** Listens on any free port and tells it by a file: one chosen beforehand can be taken meanwhile. */
const main = (text: string) => ({
  [MAIN]: `import { writeFileSync } from 'node:fs';
${server(text).replace('Number(process.env.PORT)', '0')}
server.on('listening', () => writeFileSync('port', String(server.address().port)));
`,
});

/** Takes three seconds to end: time for another save. */
const slow = (text: string) => ({
  [MAIN]: main(text)[MAIN].replace(
    'server.close(() => process.exit(0))',
    'setTimeout(() => process.exit(0), 3000)',
  ),
});

function serve(files: Record<string, string>) {
  const root = temporaryWorkspace({
    'package.json': '{ "name": "acme" }',
    'apps/orders/service.yml': 'port: 3001\n',
    ...files,
  });
  const before = process.listeners('SIGTERM');
  const ended = serveExecutor({}, {
    root,
    projectName: 'orders',
    projectsConfigurations: { version: 2, projects: { orders: { root: 'apps/orders' } } },
  } as unknown as ExecutorContext);
  return {
    bundle: () => readFileSync(join(root, 'apps/orders/node_modules/.micro/serve.mjs'), 'utf8'),
    save: (changed: Record<string, string>) => writeFiles(root, changed),
    answer: async () => {
      const port = readFileSync(join(root, 'apps/orders/port'), 'utf8');
      const signal = AbortSignal.timeout(2000);
      return (await fetch(`http://127.0.0.1:${port}/`, { signal })).text();
    },
    /** Interrupts this executor alone: the process that runs the tests has its own listeners. */
    end: () => {
      const [end] = process.listeners('SIGTERM').filter((listener) => !before.includes(listener));
      end?.('SIGTERM');
      return ended;
    },
  };
}

describe('serve', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('serves from the sources, restarts after a change, survives an error and ends when told to', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { save, answer, end } = serve(main('one'));
    try {
      await vi.waitFor(async () => expect(await answer()).toBe('one'), soon);
      save({ [MAIN]: 'const;\n' });
      await vi.waitFor(() => expect(errors).toHaveBeenCalled(), soon);
      expect(errors.mock.calls.join('\n')).toContain(`${MAIN}:1:6: Expected identifier`);
      expect(await answer()).toBe('one');
      save(main('two'));
      await vi.waitFor(async () => expect(await answer()).toBe('two'), soon);
    } finally {
      expect(await end()).toEqual({ success: true });
    }
    await expect(answer()).rejects.toThrow();
  }, 90_000);

  it('serves with a package that reads a file beside its own code', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const { answer, end } = serve({
      [MAIN]: `import { table } from 'codec';\n${main('one')[MAIN].replace('"one"', 'table()')}`,
      'node_modules/codec/package.json':
        '{ "name": "codec", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
      'node_modules/codec/index.js': `import { readFileSync } from 'node:fs';
const text = readFileSync(new URL('./table.bin', import.meta.url), 'utf8');
export const table = () => text;`,
      'node_modules/codec/table.bin': 'read',
    });
    try {
      await vi.waitFor(async () => expect(await answer()).toBe('read'), soon);
    } finally {
      expect(await end()).toEqual({ success: true });
    }
  }, 90_000);

  it('starts once if nothing changes, though the folder of its bundle is new', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    // Looked for in the node_modules of the service, too, which is not there yet.
    const { answer, end } = serve({
      [MAIN]: `import 'left';\n${main('one')[MAIN]}`,
      'node_modules/left/package.json': '{ "name": "left", "main": "index.js" }',
      'node_modules/left/index.js': '',
    });
    try {
      await vi.waitFor(async () => expect(await answer()).toBe('one'), soon);
      // esbuild looks at all that it watches within two seconds.
      await sleep(3000);
    } finally {
      await end();
    }
    const lines = said.mock.calls.flat().map(String);
    expect(lines.filter((line) => /serving|restarted/.test(line))).toEqual([
      expect.stringContaining('serving'),
    ]);
  }, 90_000);

  it('serves the last bundle that was right if a mistake comes while it restarts', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { save, answer, bundle, end } = serve(slow('one'));
    try {
      await vi.waitFor(async () => expect(await answer()).toBe('one'), soon);
      save(slow('two'));
      await vi.waitFor(() => expect(bundle()).toContain('"two"'), soon);
      save({ [MAIN]: 'const;\n' });
      await vi.waitFor(() => expect(errors).toHaveBeenCalled(), soon);
      await vi.waitFor(async () => expect(await answer()).toBe('two'), soon);
    } finally {
      await end();
    }
  }, 90_000);
});

it.each([
  [3001, 9229],
  [3002, 9230],
  [60_000, 1717],
])('debugs the service on port %i on %i', (port, debug) => expect(debugPort(port)).toBe(debug));
