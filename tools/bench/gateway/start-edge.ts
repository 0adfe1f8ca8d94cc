import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { caddyConfig } from '../../../packages/micro/src/edge/caddy-config.js';
import { listenersFor } from '../../../packages/micro/src/edge/listener.js';
import { DEFAULT_EDGE, EDGE_IMAGE } from '../../../packages/micro/src/platform/edge-options.js';
import { mustRun } from '../../command.js';
import { LabError } from '../../program.js';
import { freePort } from '../../testing/free-port.js';

const READY_WITHIN_MS = 20_000;

interface Server {
  listen: string[];
}

/**
 * The edge with the configuration of a deploy, in front of a service on this machine. It uses the network of the
 * machine, so the cost of Docker's port forwarding is not part of the result.
 */
export async function startEdge(
  behind: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const [port, health] = [await freePort(), await freePort()];
  const config = caddyConfig({
    listeners: listenersFor([
      {
        service: 'localhost',
        port: Number(new URL(behind).port),
        publish: { kind: 'port', address: '127.0.0.1', port },
      },
    ]),
    options: DEFAULT_EDGE,
    keyPairs: new Map(),
  });
  const { servers } = (config['apps'] as { http: { servers: Record<string, Server> } }).http;
  // In its own container the edge has all ports to itself. Here it needs some that are free.
  for (const [name, server] of Object.entries(servers)) {
    server.listen = [`127.0.0.1:${name === 'health' ? health : port}`];
  }
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-edge-'));
  await writeFile(join(folder, 'caddy.json'), JSON.stringify(config));
  const command = ['caddy', 'run', '--config', '/config/caddy.json'];
  const container = (
    await mustRun('docker', [
      ...['run', '--detach', '--network', 'host', '--tmpfs', '/tmp', '--tmpfs', '/data'],
      ...['--volume', `${folder}:/config:ro`, EDGE_IMAGE, ...command],
    ])
  ).trim();
  const stop = async () => {
    await mustRun('docker', ['rm', '--force', '--volumes', container]);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilAnswers(`${url}/ready`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function untilAnswers(url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await sleep(50);
  }
  throw new LabError(`the edge did not answer on ${url}`);
}
