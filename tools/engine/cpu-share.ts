import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { say } from '../program.js';

const PROCESSES = 16;

/**
 * Gives all containers together the weight of sixteen processes. Without systemd they are in one control group, and the
 * kernel gives a group the same share as a single process beside it. Next to a compiler with ten threads, the
 * containers of a platform would share a tenth of the machine, and their health checks would time out. It must be set
 * before the engine starts, because the first container uses the group as it is.
 */
export function raiseContainersShare(root = '/sys/fs/cgroup'): void {
  try {
    if (existsSync(join(root, 'cgroup.controllers'))) {
      raise(join(root, 'docker/cpu.weight'), PROCESSES * 100);
    } else if (existsSync(join(root, 'cpu'))) {
      raise(join(root, 'cpu/docker/cpu.shares'), PROCESSES * 1024);
    }
  } catch (error) {
    // The engine works without it, but slower beside other programs.
    say(`containers keep their share of the processors: ${(error as Error).message}`);
  }
}

function raise(file: string, value: number): void {
  mkdirSync(dirname(file), { recursive: true });
  // The kernel creates the file in each new group, unless the controller is off.
  if (existsSync(file)) writeFileSync(file, String(value));
}
