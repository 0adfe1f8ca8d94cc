import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, succeeded } from '../command.js';
import { startDaemon } from '../daemon.js';

/** The folders of an additional engine, beside the one of this machine. */
export interface EngineHome {
  /** Holds sockets, configuration and logs. */
  folder: string;
  /** Holds images, containers and volumes. */
  disk: string;
  /** The engine's `daemon.json`. */
  config: object;
  /** Turns a program with its arguments into a command that runs it in the engine's network. */
  on: (program: string, args: string[]) => [command: string, args: string[]];
}

/** The processes of an engine. As in Docker's own packages, containerd is not a child of dockerd. */
export interface Daemons {
  containerd: ChildProcess;
  dockerd: ChildProcess;
}

/** The Kubernetes plugin of containerd, which Docker does not use: its name up to containerd 1.7, and since 2.0. */
const UNUSED_PLUGINS = [
  'io.containerd.grpc.v1.cri',
  'io.containerd.cri.v1.images',
  'io.containerd.cri.v1.runtime',
];

/** The address of the engine for clients that need no ssh. */
export function socketOf({ folder }: Pick<EngineHome, 'folder'>): string {
  return `unix://${folder}/docker.sock`;
}

export async function startDaemons(home: EngineHome): Promise<Daemons> {
  const containerd = await startContainerd(home);
  return { containerd, dockerd: await startDockerd(home) };
}

function startContainerd({ folder, disk, on }: EngineHome): Promise<ChildProcess> {
  const config = join(folder, 'containerd.toml');
  writeFileSync(config, `version = 2\ndisabled_plugins = ${JSON.stringify(UNUSED_PLUGINS)}\n`);
  const address = join(folder, 'containerd.sock');
  const [command, args] = on('containerd', [
    ...['--config', config, '--address', address],
    ...['--root', join(disk, 'containerd'), '--state', join(folder, 'containerd')],
  ]);
  return startDaemon({
    command,
    args,
    logFile: join(folder, 'containerd.log'),
    answers: async () =>
      succeeded(await run('ctr', ['--address', address, 'version'], { withinMs: 10_000 })),
    withinMs: 60_000,
  });
}

/** Also works after it was ended, with the files that it left. */
export function startDockerd(home: EngineHome): Promise<ChildProcess> {
  const { folder, disk, on } = home;
  const config = join(folder, 'daemon.json');
  writeFileSync(config, `${JSON.stringify(home.config)}\n`);
  // It refuses to start while any process has the number in that file.
  rmSync(join(folder, 'docker.pid'), { force: true });
  mkdirSync(join(disk, 'docker'), { recursive: true });
  const [command, args] = on('dockerd', [
    ...['--config-file', config, '--host', socketOf(home)],
    ...['--containerd', join(folder, 'containerd.sock'), '--pidfile', join(folder, 'docker.pid')],
    ...['--data-root', join(disk, 'docker'), '--exec-root', join(folder, 'exec')],
  ]);
  return startDaemon({
    command,
    args,
    logFile: join(folder, 'dockerd.log'),
    answers: () => answersAt(home),
    withinMs: 60_000,
  });
}

/** Whether the engine answers now. */
export async function answersAt(home: Pick<EngineHome, 'folder'>): Promise<boolean> {
  const args = ['--host', socketOf(home), 'info'];
  return succeeded(await run('docker', args, { withinMs: 10_000 }));
}

/** Ends a daemon and waits until it is gone. */
export async function endDaemon(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill(signal);
  await ended;
}

/** The output of `docker` on that engine. @throws with its error output. */
export function dockerOn(home: Pick<EngineHome, 'folder'>, args: readonly string[]): string {
  return execFileSync('docker', ['--host', socketOf(home), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
