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
/** Room for the base image, compressed and unpacked, and for some versions on top of it. */
const DISK_MEGABYTES = 1024;

/** An engine on its own machine. It is reached over ssh, can be broken, and can run out of disk. */
export class SecondEngine {
  /** The `host` for an environment. */
  readonly host: string;
  /** How a test reaches it without ssh. */
  readonly socket: string;

  constructor(
    private readonly machine: Machine,
    /** For the front of `PATH`: an `ssh` that is configured for it. */
    readonly bin: string,
    private readonly daemons: Daemons,
    private ssh: ChildProcess,
    private readonly registry: Server,
  ) {
    this.host = `ssh://root@${machine.address}`;
    this.socket = socketOf(machine);
  }

  /** The output of a docker command there. @throws with its error output. */
  docker(...args: string[]): string {
    return dockerOn(this.machine, args);
  }

  /** Ends the engine, without stopping its containers first. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await endDaemon(this.daemons.dockerd, signal);
  }

  async start(): Promise<void> {
    this.daemons.dockerd = await startDockerd(engineHome(this.machine));
  }

  /** Breaks every ssh connection and accepts no new one. */
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

  /** Fills the disk, except for some bytes. */
  async fillDisk(leftMegabytes: number): Promise<void> {
    const { bavail, bsize } = statfsSync(this.machine.disk);
    const bytes = bavail * bsize - leftMegabytes * MEGABYTE;
    await writeFile(this.filler, '');
    if (bytes > 0) await mustRun('fallocate', ['--length', String(bytes), this.filler]);
  }

  async freeDisk(): Promise<void> {
    await rm(this.filler, { force: true });
  }

  /** Removes everything of it, whatever state it is in. */
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
