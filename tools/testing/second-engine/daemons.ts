import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, succeeded } from '../../command.js';
import { startDaemon } from '../../daemon.js';
import { type Machine, on } from './machine.js';

/** The parts of an engine: as with Docker's own packages, containerd is not a child of dockerd. */
export interface Daemons {
  containerd: ChildProcess;
  dockerd: ChildProcess;
}

/** Where the engine of a machine listens, for those who need not go by ssh. */
export function socketOf({ folder }: Machine): string {
  return `unix://${folder}/docker.sock`;
}

export async function startDaemons(machine: Machine): Promise<Daemons> {
  const containerd = await startContainerd(machine);
  return { containerd, dockerd: await startDockerd(machine) };
}

function startContainerd(machine: Machine): Promise<ChildProcess> {
  const { folder, disk } = machine;
  const config = join(folder, 'containerd.toml');
  writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const address = join(folder, 'containerd.sock');
  const [command, args] = on(machine, 'containerd', [
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

/** Also after it was ended, with what it left. */
export function startDockerd(machine: Machine): Promise<ChildProcess> {
  const { folder, disk } = machine;
  const config = join(folder, 'daemon.json');
  writeFileSync(config, '{}\n');
  // It refuses to start while any process has the number in there.
  rmSync(join(folder, 'docker.pid'), { force: true });
  mkdirSync(join(disk, 'docker'), { recursive: true });
  const [command, args] = on(machine, 'dockerd', [
    ...['--config-file', config, '--host', socketOf(machine)],
    ...['--containerd', join(folder, 'containerd.sock'), '--pidfile', join(folder, 'docker.pid')],
    ...['--data-root', join(disk, 'docker'), '--exec-root', join(folder, 'exec')],
  ]);
  return startDaemon({
    command,
    args,
    logFile: join(folder, 'dockerd.log'),
    answers: async () =>
      succeeded(await run('docker', ['--host', socketOf(machine), 'info'], { withinMs: 10_000 })),
    withinMs: 60_000,
  });
}

/** Ends a daemon and waits until it is gone. */
export async function endDaemon(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill(signal);
  await ended;
}

/** What `docker` prints on the machine. @throws with what it wrote. */
export function dockerOn(machine: Machine, args: readonly string[]): string {
  return execFileSync('docker', ['--host', socketOf(machine), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
