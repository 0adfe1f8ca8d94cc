import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, run, succeeded } from '../../command.js';
import { readHost } from '../../debian/host.js';
import { oneAtATime } from '../../one-at-a-time.js';
import { LabError, say } from '../../program.js';
import { installSecondEngine } from '../../testing/second-engine/install.js';
import { raiseContainersShare } from '../cpu-share.js';
import { answersAt, dockerOn, type EngineHome, startDaemons } from '../daemons.js';
import {
  createNamespace,
  endProgramsOf,
  inNamespace,
  NAMESPACES,
  removeNamespace,
  unmountIn,
} from '../namespace.js';
import { ensureNewestPrograms, PLUGINS, programPath } from './programs.js';

/** Next to the networks of second engines: RFC 2544 reserves 198.18.0.0/15 for tests. */
const NAMESPACE = {
  name: 'micro-newest',
  cable: 'micro-newest',
  address: '198.19.0.2',
  hostAddress: '198.19.0.1',
};
const FOLDER = '/var/lib/micro-newest-engine';
/** Where its programs are, once they were got. */
export const PROGRAMS = join(FOLDER, 'programs');
const SOCKET = '/run/docker.sock';

const HOME: EngineHome = {
  folder: join(FOLDER, 'run'),
  disk: join(FOLDER, 'disk'),
  // The default since Docker 29.
  config: { features: { 'containerd-snapshotter': true } },
  on: (program, args) => inNamespace(NAMESPACE, program, args),
};

/** The registry of that engine has its own folder, named by its port. */
const REGISTRY_PORT = '5001';

/**
 * Starts the newest engine of Debian beside the one of this machine. It has its own network namespace, because both
 * change firewall rules. Can be called repeatedly.
 *
 * @throws LabError if it cannot run on this machine.
 */
export async function ensureNewestEngine(): Promise<void> {
  const { platform, root, debian } = readHost();
  if (platform !== 'linux' || !root || !debian) {
    throw new LabError('The newest engine beside this one needs Debian and root.');
  }
  await oneAtATime('newest-engine', async () => {
    if (existsSync(PROGRAMS) && (await answersAt(HOME))) return;
    await installSecondEngine();
    await ensureNewestPrograms(PROGRAMS);
    // Leftovers of an engine that does not answer.
    await stop();
    await mkdir(HOME.folder, { recursive: true });
    await openNetwork();
    raiseContainersShare();
    say('starting the newest engine ...');
    await startNewestDaemons();
  });
}

/** Gets the programs of that engine, and starts nothing. Can be called repeatedly. */
export function ensureNewest(): Promise<void> {
  return oneAtATime('newest-engine', () => ensureNewestPrograms(PROGRAMS));
}

/** Removes it with everything in it, including its programs if they must be downloaded again. */
export async function removeNewestEngine(): Promise<void> {
  await stop();
  await rm(FOLDER, { recursive: true, force: true });
  await rm(`/var/lib/micro-registry/${REGISTRY_PORT}`, { recursive: true, force: true });
}

/**
 * Runs a command that sees that engine as the only one of this machine: its programs come first in `PATH`, and its
 * network, its socket and its client plugins are in the usual places.
 *
 * @returns the command's exit code.
 */
export async function onNewestEngine(command: readonly string[]): Promise<number> {
  await mkdir(PLUGINS, { recursive: true });
  // In a mount namespace that ends with the command.
  const script = [
    `mount --bind '${PROGRAMS}${PLUGINS}' '${PLUGINS}'`,
    `touch '${SOCKET}'`,
    `mount --bind '${HOME.folder}/docker.sock' '${SOCKET}'`,
    'exec "$@"',
  ].join(' && ');
  const [file, args] = inNamespace(NAMESPACE, 'unshare', [
    ...['--mount', 'sh', '-c', script, 'newest', ...command],
  ]);
  const config = join(HOME.folder, 'client');
  await mkdir(config, { recursive: true });
  const child: ChildProcess = spawn(file, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${programPath(PROGRAMS)}:${process.env['PATH'] ?? ''}`,
      DOCKER_CONFIG: config,
      MICRO_REGISTRY_PORT: REGISTRY_PORT,
    },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function startNewestDaemons(): Promise<void> {
  const path = process.env['PATH'];
  process.env['PATH'] = `${programPath(PROGRAMS)}:${path ?? ''}`;
  try {
    await startDaemons(HOME);
  } finally {
    process.env['PATH'] = path;
  }
}

/** Lets the engine's containers reach everything that this machine can reach. */
async function openNetwork(): Promise<void> {
  await createNamespace(NAMESPACE);
  const { name, hostAddress } = NAMESPACE;
  await mustRun('ip', ['-n', name, 'route', 'add', 'default', 'via', hostAddress]);
  await mustRun('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  for (const rule of RULES) await mustRun('iptables', ['--wait', ...rule('--insert')]);
}

const RULES = [
  (act: string) => [act, 'FORWARD', '--in-interface', NAMESPACE.cable, '--jump', 'ACCEPT'],
  (act: string) => [act, 'FORWARD', '--out-interface', NAMESPACE.cable, '--jump', 'ACCEPT'],
  (act: string) => [
    ...['--table', 'nat', act, 'POSTROUTING', '--source', NAMESPACE.address],
    ...['!', '--out-interface', NAMESPACE.cable, '--jump', 'MASQUERADE'],
  ],
];

async function stop(): Promise<void> {
  if (existsSync(PROGRAMS) && (await answersAt(HOME))) {
    const containers = dockerOn(HOME, ['ps', '--quiet']).split('\n').filter(Boolean);
    if (containers.length > 0) dockerOn(HOME, ['rm', '--force', '--volumes', ...containers]);
  }
  await endProgramsOf(FOLDER);
  await endProgramsOf(`/var/lib/micro-registry/${REGISTRY_PORT}`);
  await unmountIn(FOLDER);
  for (const rule of RULES) {
    while (succeeded(await run('iptables', ['--wait', ...rule('--delete')])));
  }
  if (existsSync(join(NAMESPACES, NAMESPACE.name))) await removeNamespace(NAMESPACE);
  await rm(HOME.folder, { recursive: true, force: true });
}
