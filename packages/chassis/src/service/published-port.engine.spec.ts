import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { mustRun, run } from '../../../../tools/command.js';
import { ensureNodeImage } from '../../../../tools/images/node/node-image.js';
import { describeEngine } from '../../../../tools/testing/describe-engine.js';

const EXAMPLE = fileURLToPath(new URL('../testing/example-service.ts', import.meta.url));
const PROBES = ['/health', '/ready', '/metrics'];
const docker = (...args: string[]) => mustRun('docker', args);

describeEngine('the published port of a container', () => {
  const name = `micro-spec-port-${randomUUID().slice(0, 8)}`;
  let folder: string;
  let image: string;
  let url: string;

  beforeAll(async () => {
    image = (await ensureNodeImage()).ref;
    folder = await mkdtemp(join(tmpdir(), 'micro-spec-port-'));
    const outfile = join(folder, 'main.mjs');
    await build({
      entryPoints: [EXAMPLE],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    await docker('network', 'create', name);
    await docker(
      ...['create', '--name', name, '--network', name, '--publish', '127.0.0.1:0:3000'],
      ...['--env', 'PORT=3000', '--env', 'METRICS=on', image, 'node', '/main.mjs'],
    );
    await docker('cp', outfile, `${name}:/main.mjs`);
    await docker('start', name);
    const published = (await docker('port', name, '3000/tcp')).trim().split('\n')[0]!;
    url = `http://${published}`;
    const isReady = async () => expect(await within('127.0.0.1', '/ready')).toBe(200);
    await vi.waitFor(isReady, { timeout: 120_000, interval: 300 });
  });

  afterAll(async () => {
    await run('docker', ['rm', '--force', '--volumes', name]);
    await run('docker', ['network', 'rm', name]);
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (host: string, path: string) =>
    `fetch('http://${host}:3000${path}').then(({ status }) => console.log(status), console.error)`;
  const within = async (host: string, path: string) => {
    const { stdout } = await run('docker', ['exec', name, 'node', '-e', ask(host, path)]);
    return Number(stdout);
  };

  it.each(PROBES)(
    'does not serve %s, which the container itself and its neighbours can reach',
    async (path) => {
      expect((await fetch(url + path)).status).toBe(404);
      expect((await fetch(`${url}/slow/0`)).status).toBe(200);
      expect(await within('127.0.0.1', path)).toBe(200);
      const neighbour = await docker(
        ...['run', '--rm', '--network', name, image, 'node', '-e', ask(name, path)],
      );
      expect(Number(neighbour)).toBe(200);
    },
  );
});
