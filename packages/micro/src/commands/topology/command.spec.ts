import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { topologyCommand } from './command';

const workspace = () =>
  temporaryWorkspace({
    'package.json': '{ "name": "@shop/source" }',
    'environments/development.yml': 'engine: compose\n',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\n',
  });

const run = (root: string, line: string) =>
  runCommand(topologyCommand, root, line, { runner: recordingRunner() });

describe('micro topology', () => {
  it('prints Mermaid if nothing else is asked for', async () => {
    expect((await run(workspace(), '')).output).toBe(
      'flowchart LR\n  service_orders["orders<br>:3001"]',
    );
  });

  it('writes one HTML file, without asking any engine', async () => {
    const root = workspace();
    expect((await run(root, '--html out/topology.html')).output).toBe('wrote out/topology.html');
    const page = readFileSync(join(root, 'out/topology.html'), 'utf8');
    expect(page).toContain('<title>shop topology</title>');
    expect(page).not.toContain('status.json"');
  });

  it('serves the page with what is running, until it is ended', async () => {
    const ended = new AbortController();
    const root = workspace();
    let serving!: Promise<{ exitCode: number }>;
    const url = await new Promise<string>((resolve) => {
      serving = runCommand(topologyCommand, root, '--serve', {
        runner: recordingRunner(),
        signal: ended.signal,
        say: (line) => resolve(line.split(' ')[0]!),
      });
    });
    expect(await (await fetch(url)).text()).toContain('"url":"status.json"');
    const answer = await fetch(new URL('/status.json', url));
    // There is no compose.yaml in this workspace: the page gets to say so.
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      error: 'compose.yaml is not there: run "nx g @org/micro:init"',
    });
    ended.abort();
    expect((await serving).exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('serves what a cluster runs, from one list of each kind', async () => {
    const ended = new AbortController();
    const root = temporaryWorkspace({
      'package.json': '{ "name": "@shop/source" }',
      'compose.yaml': '',
      'environments/live.yml': 'engine: kubernetes\ncontext: far\nregistry: reg.example.com\n',
      'apps/orders/package.json': '{ "name": "orders" }',
      'apps/orders/service.yml': 'port: 3001\n',
    });
    const runner = recordingRunner((line) => {
      if (line.startsWith('docker')) return { stdout: '{"services":{"orders":{}}}' };
      if (line.includes('get namespace')) return { stdout: '{}' };
      if (line.includes('--output name')) return { stdout: '' };
      return line.startsWith('kubectl') ? { stdout: '{"items":[]}' } : { exitCode: 1 };
    });
    let serving!: Promise<unknown>;
    const url = await new Promise<string>((resolve) => {
      const say = (line: string) => resolve(line.split(' ')[0]!);
      const shell = { runner, signal: ended.signal, say };
      serving = runCommand(topologyCommand, root, '--serve -e live', shell);
    });
    expect(await (await fetch(url)).text()).toContain('"instances":"pods"');
    expect(await (await fetch(new URL('/status.json', url))).json()).toMatchObject({
      project: 'shop-live',
      services: [{ name: 'orders', state: 'not-deployed', health: 'down', containers: [] }],
    });
    const kinds = runner.lines
      .flatMap((line) => /^kubectl .* get (\S+)/.exec(line)?.[1] ?? [])
      .flatMap((asked) => asked.split(','));
    expect(kinds).toContain('pods');
    expect(new Set(kinds).size).toBe(kinds.length);
    ended.abort();
    await serving;
  });

  it.each([
    ['--serve --port x', '--port x: give a number up to 65535'],
    ['--serve -e nowhere', 'there is no environment "nowhere"'],
    ['--svg', "Unknown option '--svg'"],
  ])('reports what is wrong with "%s"', async (line, message) => {
    await expect(run(workspace(), line)).rejects.toThrow(message);
  });
});
