import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import type { EngineHome } from '../../engine/daemons.js';
import {
  createNamespace,
  endProgramsOf,
  inNamespace,
  NAMESPACES,
  type Namespace,
  removeNamespace,
  unmountIn,
} from '../../engine/namespace.js';

const PREFIX = 'micro-second-';
/** Addresses for network tests (RFC 2544), which no real machine has. */
const NETWORKS = Array.from({ length: 250 }, (_, index) => `198.18.${index}`);

/** A network, a disk and processes of its own, at the other end of a virtual cable from this machine. */
export interface Machine extends Namespace {
  /** The folder with all its files. */
  folder: string;
  /** A file system of limited size, in memory. */
  disk: string;
}

/** @param megabytes how large its disk is. */
export async function createMachine(megabytes: number): Promise<Machine> {
  await removeAbandoned();
  const network = await freeNetwork();
  const machine = {
    ...describeMachine(process.pid),
    address: `${network}.2`,
    hostAddress: `${network}.1`,
  };
  const { name, disk } = machine;
  await mkdir(disk, { recursive: true });
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, name, disk]);
  await createNamespace(machine);
  return machine;
}

/** Runs a program in the machine's network. It ends with this process, however that ends. */
export function on(machine: Machine, program: string, args: string[]): [string, string[]] {
  const [command, rest] = inNamespace(machine, program, args);
  return ['setpriv', ['--pdeathsig', 'TERM', command, ...rest]];
}

/** Where the machine's engine lives. */
export function engineHome(machine: Machine): EngineHome {
  const { folder, disk } = machine;
  return { folder, disk, config: {}, on: (program, args) => on(machine, program, args) };
}

/** Cuts or restores the network of the machine. Packets are dropped without an error. */
export async function setCable({ name }: Machine, state: 'up' | 'down'): Promise<void> {
  await mustRun('ip', ['-n', name, 'link', 'set', 'eth0', state]);
}

/** Ends every program of the machine and removes the machine. Does nothing if it does not exist. */
export async function removeMachine(
  machine: Omit<Machine, 'address' | 'hostAddress'>,
): Promise<void> {
  await endProgramsOf(machine.folder);
  // Including its disk.
  await unmountIn(machine.folder);
  await removeNamespace(machine);
  await rm(machine.folder, { recursive: true, force: true });
}

/** Removes what a test process that was killed could not remove. */
async function removeAbandoned(): Promise<void> {
  const names = existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
  for (const name of names.filter((one) => one.startsWith(PREFIX))) {
    const pid = Number(name.slice(PREFIX.length));
    if (!existsSync(`/proc/${pid}`)) await removeMachine(describeMachine(pid));
  }
}

function describeMachine(pid: number): Omit<Machine, 'address' | 'hostAddress'> {
  const name = `${PREFIX}${pid}`;
  const folder = join(tmpdir(), name);
  // The name of an interface may have 15 characters.
  return { name, folder, disk: join(folder, 'disk'), cable: `micro${pid}` };
}

/** Not with `os.networkInterfaces()`, which leaves out an interface that is down. */
async function freeNetwork(): Promise<string> {
  const taken = await mustRun('ip', ['-oneline', '-4', 'address']);
  const network = NETWORKS.find((one) => !taken.includes(` ${one}.`));
  if (network === undefined) throw new Error('every network of 198.18.0.0/16 is taken');
  return network;
}
