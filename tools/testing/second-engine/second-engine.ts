import type { ChildProcess } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import {
  type Daemons,
  dockerOn,
  endDaemon,
  socketOf,
  startDaemons,
  startDockerd,
} from '../../engine/daemons.js';
import { ensureRegistry } from '../../registry/ensure-registry.js';
import { installSecondEngine } from './install.js';
import { createMachine, engineHome, type Machine, removeMachine, setCable } from './machine.js';
import { openRegistryRoad } from './registry-road.js';
import { prepareSsh, sessionsOf, startSshServer } from './ssh-server.js';

const MEGABYTE = 2 ** 20;
/** Room for the base image, unpacked and on its way, and for some versions on top. */
const DISK_MEGABYTES = 1024;

/** An engine on its own machine, which is reached over ssh, can break and runs out of disk. */
export class SecondEngine {
  /** What an environment names as its `host`. */
  readonly host: string;
  /** How a test looks at it when there is no ssh. */
  readonly socket: string;

  constructor(
    private readonly machine: Machine,
    /** For the front of `PATH`: the `ssh` that knows the way. */
    readonly bin: string,
    private readonly daemons: Daemons,
    private ssh: ChildProcess,
    private readonly registry: Server,
  ) {
    this.host = `ssh://root@${machine.address}`;
    this.socket = socketOf(machine);
  }

  /** What a docker command prints there. @throws with what it wrote. */
  docker(...args: string[]): string {
    return dockerOn(this.machine, args);
  }

  /** Ends the engine, and does nothing with its containers itself. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await endDaemon(this.daemons.dockerd, signal);
  }

  async start(): Promise<void> {
    this.daemons.dockerd = await startDockerd(engineHome(this.machine));
  }

  /** Breaks every ssh connection and takes no new one. */
  async loseSsh(): Promise<void> {
    const sessions = sessionsOf(this.ssh);
    await endDaemon(this.ssh, 'SIGKILL');
    for (const pid of sessions) process.kill(pid, 'SIGKILL');
  }

  async restoreSsh(): Promise<void> {
    this.ssh = await startSshServer(this.machine);
  }

  /** Drops all packets in both directions, without an error. */
  pullCable(): Promise<void> {
    return setCable(this.machine, 'down');
  }

  plugCable(): Promise<void> {
    return setCable(this.machine, 'up');
  }

  /** Fills the disk up to a rest. */
  async fillDisk(leftMegabytes: number): Promise<void> {
    const { bavail, bsize } = statfsSync(this.machine.disk);
    const bytes = bavail * bsize - leftMegabytes * MEGABYTE;
    await writeFile(this.filler, '');
    if (bytes > 0) await mustRun('fallocate', ['--length', String(bytes), this.filler]);
  }

  async freeDisk(): Promise<void> {
    await rm(this.filler, { force: true });
  }

  /** Leaves nothing of it, whatever state it is in. */
  async remove(): Promise<void> {
    this.registry.close();
    await removeMachine(this.machine);
  }

  private get filler(): string {
    return join(this.machine.disk, 'filler');
  }
}

/** @throws LabError if a part of it does not start. */
export async function startSecondEngine(): Promise<SecondEngine> {
  await installSecondEngine();
  const registry = await ensureRegistry();
  const machine = await createMachine(DISK_MEGABYTES);
  try {
    const bin = await prepareSsh(machine);
    const road = await openRegistryRoad(machine, registry.host);
    const daemons = await startDaemons(engineHome(machine));
    return new SecondEngine(machine, bin, daemons, await startSshServer(machine), road);
  } catch (error) {
    await removeMachine(machine);
    throw error;
  }
}
