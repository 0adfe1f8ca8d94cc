import { readdirSync, readFileSync } from 'node:fs';
import { mustEnd, type Child } from '../../testing/child.js';

const SAMPLE_MS = 25;

/**
 * The peak memory, in MB, of a program and all its child processes; `undefined` if the system does not tell. It is
 * sampled, so short peaks may be missed.
 */
export async function peakMemory(start: () => Child): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const before = new Set(processes().map(({ pid }) => pid));
  const child = start();
  let peak = 0;
  const timer = setInterval(() => {
    const sum = descendants(before).reduce((total, { residentKb }) => total + residentKb, 0);
    peak = Math.max(peak, sum);
  }, SAMPLE_MS);
  try {
    await mustEnd(child);
    return peak / 1000;
  } finally {
    clearInterval(timer);
  }
}

interface Process {
  pid: number;
  parent: number;
  residentKb: number;
}

/** Processes that are new and descend from this process. */
function descendants(before: ReadonlySet<number>): Process[] {
  const all = processes();
  const own = new Set([process.pid]);
  for (let grown = true; grown;) {
    const size = own.size;
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid);
    grown = own.size > size;
  }
  return all.filter(({ pid }) => own.has(pid) && pid !== process.pid && !before.has(pid));
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/status`, 'utf8');
        const field = (key: string) =>
          Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
        const residentKb = field('VmRSS');
        if (Number.isNaN(residentKb)) return [];
        return [{ pid: Number(name), parent: field('PPid'), residentKb }];
      } catch {
        return [];
      }
    });
}
