import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run } from '../../../../tools/command.js';
import {
  ensureDatastoreImage,
  type DatastoreImage,
} from '../../../../tools/images/datastores/datastore-image.js';
import { freePort } from '../../../../tools/testing/free-port.js';

const READY_WITHIN_MS = 240_000;

export interface Container {
  /** A port of this machine, which stays the same after a restart. */
  readonly port: number;
  /** Kills it, so that it cannot write anything more. */
  kill(): Promise<void>;
  /** Starts it again, and waits until its check succeeds. */
  start(): Promise<void>;
  /** Stops it regularly. */
  stop(): Promise<void>;
  exec(...command: string[]): Promise<string>;
  remove(): Promise<void>;
}

export interface ContainerOptions {
  engine: DatastoreImage;
  port: number;
  /** May contain the port of this machine. */
  environment: Record<string, string> | ((port: number) => Record<string, string>);
  /** Default: the image's own. */
  command?: readonly string[];
  /** A check that fails until the server is ready. */
  check: readonly string[];
}

/** A server for one spec, which removes it at the end. */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { ref } = await ensureDatastoreImage(options.engine);
  const name = `micro-spec-${options.engine}-${randomUUID().slice(0, 8)}`;
  const port = await freePort();
  const { environment } = options;
  const variables = typeof environment === 'function' ? environment(port) : environment;
  const docker = (...args: string[]) => mustRun('docker', args);
  const container: Container = {
    port,
    kill: async () => void (await docker('kill', '--signal', 'KILL', name)),
    stop: async () => void (await docker('stop', name)),
    start: async () => {
      await docker('start', name);
      await serves(name, options.check);
    },
    exec: (...command) => docker('exec', name, ...command),
    remove: async () => void (await run('docker', ['rm', '--force', '--volumes', name])),
  };
  await docker(
    ...['create', '--name', name, '--hostname', name],
    ...['--publish', `127.0.0.1:${port}:${options.port}`],
    ...Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ref,
    ...(options.command ?? []),
  );
  try {
    await container.start();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}

async function serves(name: string, check: readonly string[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { code } = await run('docker', ['exec', name, ...check]);
    if (code === 0) return;
    if (Date.now() > deadline) {
      const { stdout, stderr } = await run('docker', ['logs', '--tail', '50', name]);
      throw new Error(`${name} does not serve:\n${stdout}${stderr}`);
    }
    await sleep(300);
  }
}
