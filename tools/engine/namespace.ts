import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run } from '../command.js';

/** Where `ip netns` keeps network namespaces. */
export const NAMESPACES = '/run/netns';

/** A network namespace, with a virtual cable to this machine. */
export interface Namespace {
  name: string;
  /** This machine's end of the cable. The name of an interface may have 15 characters. */
  cable: string;
  /** Its address as seen from this machine. */
  address: string;
  /** The address of this machine as seen from it. */
  hostAddress: string;
}

export async function createNamespace(namespace: Namespace): Promise<void> {
  const { name, cable, address, hostAddress } = namespace;
  await mustRun('ip', ['netns', 'add', name]);
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', name];
  await mustRun('ip', ['link', 'add', cable, ...peer]);
  await mustRun('ip', ['address', 'add', `${hostAddress}/30`, 'dev', cable]);
  await mustRun('ip', ['link', 'set', cable, 'up']);
  for (const args of [
    ['address', 'add', `${address}/30`, 'dev', 'eth0'],
    ['link', 'set', 'eth0', 'up'],
    ['link', 'set', 'lo', 'up'],
  ]) {
    await mustRun('ip', ['-n', name, ...args]);
  }
}

/** Turns a program with its arguments into a command that runs it in the namespace's network. */
export function inNamespace(
  { name }: Pick<Namespace, 'name'>,
  program: string,
  args: string[],
): [command: string, args: string[]] {
  return ['nsenter', [`--net=${join(NAMESPACES, name)}`, program, ...args]];
}

/** Does nothing if it does not exist. */
export async function removeNamespace({
  name,
  cable,
}: Pick<Namespace, 'name' | 'cable'>): Promise<void> {
  await run('ip', ['link', 'delete', cable]);
  await run('ip', ['netns', 'delete', name]);
}

/** Ends every program with a file of the folder among its arguments. */
export async function endProgramsOf(folder: string): Promise<void> {
  for (let left = pidsOf(folder); left.length > 0; left = pidsOf(folder)) {
    left.forEach(kill);
    await sleep(100);
  }
}

/** Unmounts everything that is mounted in a folder, the last one first. */
export async function unmountIn(folder: string): Promise<void> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) await run('umount', ['--lazy', point]);
}

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
