import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { say } from '../program.js';

const PROCESSES = 16;

/**
 * Lets all containers together weigh as much as sixteen processes. Without systemd they are one group, and the kernel
 * gives a group what it gives one process beside it: next to a compiler of ten threads the containers of a platform
 * share a tenth of the machine, and their health checks time out. Done before the engine starts, of which the first
 * container takes the group as it is.
 */
export function raiseContainersShare(root = '/sys/fs/cgroup'): void {
  try {
    if (existsSync(join(root, 'cgroup.controllers'))) {
      raise(join(root, 'docker/cpu.weight'), PROCESSES * 100);
    } else if (existsSync(join(root, 'cpu'))) {
      raise(join(root, 'cpu/docker/cpu.shares'), PROCESSES * 1024);
    }
  } catch (error) {
    // The engine works without it, only slower beside others.
    say(`containers keep their share of the processors: ${(error as Error).message}`);
  }
}

function raise(file: string, value: number): void {
  mkdirSync(dirname(file), { recursive: true });
  // The kernel puts the file into each new group, unless the controller is off.
  if (existsSync(file)) writeFileSync(file, String(value));
}
