import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { readHost } from '../../debian/host.js';
import {
  type Daemons,
  type EngineHome,
  endDaemon,
  socketOf,
  startDaemons,
} from '../../engine/daemons.js';
import { endProgramsOf, unmountIn } from '../../engine/namespace.js';
import { ensureNewest, PROGRAMS } from '../../engine/newest/newest-engine.js';
import { PLUGINS, programPath } from '../../engine/newest/programs.js';
import { ensureNodeImage } from '../../images/node/node-image.js';
import { LabError } from '../../program.js';

const FOLDER = '/var/lib/micro-bench-stores';

/** No network of their own: two engines would change the same firewall rules, and these builds need none. */
const NO_NETWORK = { bridge: 'none', iptables: false, ip6tables: false };

/** An engine that only the benchmark uses. */
export interface OwnEngine {
  /** Runs a command that finds this engine and its clients. @returns its exit code. */
  run(command: readonly string[]): Promise<number>;
}

/**
 * Starts an engine of this machine's programs and one of Debian's newest, which has the containerd image store. Both start empty and have the
 * priority of this process: an engine that was used before holds thousands of records of builds, which alone make builds slower.
 *
 * @throws LabError if they cannot run on this machine.
 */
export async function startOwnEngines(): Promise<{
  engines: readonly OwnEngine[];
  remove: () => Promise<void>;
}> {
  const { platform, root, debian } = readHost();
  if (platform !== 'linux' || !root || !debian) {
    throw new LabError('The engines of this benchmark need Debian and root.');
  }
  await ensureNewest();
  const { ref } = await ensureNodeImage();
  const started: Daemons[] = [];
  const remove = async () => {
    for (const { dockerd, containerd } of started) {
      for (const daemon of [dockerd, containerd]) {
        // It was started to outlive this process, which would not wait for its end.
        daemon.ref();
        await endDaemon(daemon, 'SIGTERM');
      }
    }
    await endProgramsOf(FOLDER);
    await unmountIn(FOLDER);
    await rm(FOLDER, { recursive: true, force: true });
  };
  await remove();
  const start = async (name: string, config: object, path = process.env['PATH'] ?? '') => {
    const home = homeOf(name, config, path);
    await mkdir(home.folder, { recursive: true });
    started.push(await startDaemons(home));
    await mustRun('sh', ['-c', `docker save "$0" | docker --host "$1" load`, ref, socketOf(home)]);
    return home;
  };
  try {
    const older = await start('older', {});
    const path = `${programPath(PROGRAMS)}:${process.env['PATH'] ?? ''}`;
    const newest = await start('newest', { features: { 'containerd-snapshotter': true } }, path);
    return {
      engines: [
        { run: (command) => runOn(older, command) },
        { run: (command) => runOn(newest, inNewestClients(command), path) },
      ],
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function homeOf(name: string, config: object, path: string): EngineHome {
  return {
    folder: join(FOLDER, name, 'run'),
    disk: join(FOLDER, name, 'disk'),
    config: { ...config, ...NO_NETWORK },
    on: (program, args) => ['env', [`PATH=${path}`, program, ...args]],
  };
}

/** Puts the newest client's plugins into their usual place, in a mount namespace that ends with the command. */
function inNewestClients(command: readonly string[]): string[] {
  const script = `mount --bind '${PROGRAMS}${PLUGINS}' '${PLUGINS}' && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'newest', ...command];
}

async function runOn(
  home: EngineHome,
  [file = '', ...args]: readonly string[],
  path = process.env['PATH'] ?? '',
): Promise<number> {
  const config = join(home.folder, 'client');
  await mkdir(config, { recursive: true });
  const env = { ...process.env, PATH: path, DOCKER_HOST: socketOf(home), DOCKER_CONFIG: config };
  const child = spawn(file, args, { stdio: 'inherit', env });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
