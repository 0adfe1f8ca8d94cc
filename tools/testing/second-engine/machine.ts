import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run } from '../../command.js';

const PREFIX = 'micro-second-';
const NAMESPACES = '/run/netns';
/** Addresses for tests of networks (RFC 2544), which no real machine has. */
const NETWORKS = Array.from({ length: 250 }, (_, index) => `198.18.${index}`);

/** A network, a disk and processes that are one's own, at the other end of a cable from this machine. */
export interface Machine {
  /** Of its network namespace. */
  name: string;
  /** This machine's end of the cable. */
  cable: string;
  /** Where it is reached from this machine, and this machine from it. */
  address: string;
  hostAddress: string;
  /** Holds all files that are about it. */
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
  const { name, cable, address, hostAddress, disk } = machine;
  await mkdir(disk, { recursive: true });
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, name, disk]);
  await mustRun('ip', ['netns', 'add', name]);
  await mustRun('ip', [
    'link',
    'add',
    cable,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    name,
  ]);
  await mustRun('ip', ['address', 'add', `${hostAddress}/30`, 'dev', cable]);
  await mustRun('ip', ['link', 'set', cable, 'up']);
  for (const args of [
    ['address', 'add', `${address}/30`, 'dev', 'eth0'],
    ['link', 'set', 'eth0', 'up'],
    ['link', 'set', 'lo', 'up'],
  ]) {
    await mustRun('ip', ['-n', name, ...args]);
  }
  return machine;
}

/** A program on the machine's network. It ends with this process, however that ends. */
export function on({ name }: Machine, program: string, args: string[]): [string, string[]] {
  const network = `--net=${join(NAMESPACES, name)}`;
  return ['setpriv', ['--pdeathsig', 'TERM', 'nsenter', network, program, ...args]];
}

/** Pulls the machine's end of the cable, or puts it back: nothing answers any more, and nobody is told. */
export async function setCable({ name }: Machine, state: 'up' | 'down'): Promise<void> {
  await mustRun('ip', ['-n', name, 'link', 'set', 'eth0', state]);
}

/** Ends every program that has to do with the machine and takes it away; does nothing where it is gone. */
export async function removeMachine({
  name,
  cable,
  folder,
  disk,
}: Omit<Machine, 'address' | 'hostAddress'>): Promise<void> {
  for (let left = pidsOf(folder); left.length > 0; left = pidsOf(folder)) {
    left.forEach(kill);
    await sleep(100);
  }
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`) && point !== disk);
  for (const point of mounts.reverse()) await run('umount', ['--lazy', point]);
  await run('umount', ['--lazy', disk]);
  await run('ip', ['link', 'delete', cable]);
  await run('ip', ['netns', 'delete', name]);
  await rm(folder, { recursive: true, force: true });
}

/** What a test process that was killed could not remove. */
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
  // The name of an interface has 15 characters at most.
  return { name, folder, disk: join(folder, 'disk'), cable: `micro${pid}` };
}

/** Not of `os.networkInterfaces()`, which leaves out a cable that is pulled. */
async function freeNetwork(): Promise<string> {
  const taken = await mustRun('ip', ['-oneline', '-4', 'address']);
  const network = NETWORKS.find((one) => !taken.includes(` ${one}.`));
  if (network === undefined) throw new Error('every network of 198.18.0.0/16 is taken');
  return network;
}

/** Programs that were told of a file of the machine, such as those that look after a container. */
function pidsOf(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && readArguments(pid).includes(`${folder}/`));
}

function readArguments(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
