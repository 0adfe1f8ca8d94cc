import type { Manifest } from './manifest';

/** A size of a Fargate task: units of which 1,024 are a CPU, and MiB. */
export interface FargateSize {
  cpu: number;
  memory: number;
}

interface Row {
  cpu: number;
  /** In MiB, smallest first. */
  memory: readonly number[];
}

const GIB = 1024;

/** `from` to `to` GiB, in steps of `step`. */
function gib(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, at) => (from + at * step) * GIB);
}

/** The pairs that Fargate has for Linux (Amazon ECS Developer Guide, "Task size", November 2026), smallest first. */
export const FARGATE_SIZES: readonly Row[] = [
  { cpu: 256, memory: [512, 1024, 2048] },
  { cpu: 512, memory: gib(1, 4, 1) },
  { cpu: 1024, memory: gib(2, 8, 1) },
  { cpu: 2048, memory: gib(4, 16, 1) },
  { cpu: 4096, memory: gib(8, 30, 1) },
  { cpu: 8192, memory: gib(16, 60, 4) },
  { cpu: 16_384, memory: gib(32, 120, 8) },
];

/**
 * The Fargate size of these resources. Without `memory` or `cpus`, it is the smallest that has the other one.
 *
 * @returns the size, or what is wrong in words that say which sizes there are.
 */
export function fargateSize({
  cpus,
  memory,
}: Manifest['resources']): { size: FargateSize } | { problem: string } {
  const wanted = memory === undefined ? undefined : mebibytes(memory);
  const rows = FARGATE_SIZES.filter(({ cpu }) => cpus === undefined || cpu === cpus * 1024);
  const row = rows.find(({ memory: sizes }) => wanted === undefined || sizes.includes(wanted));
  if (row) return { size: { cpu: row.cpu, memory: wanted ?? row.memory[0]! } };
  if (rows.length === 0) {
    const all = FARGATE_SIZES.map(({ cpu }) => cpu / 1024).join(', ');
    return { problem: `Fargate has no size with ${cpus} CPUs: choose from ${all}` };
  }
  return {
    problem:
      cpus === undefined
        ? `Fargate has no size with ${memory} of memory: choose from 512M, 1G, 2G and more whole G`
        : `Fargate has no size with ${cpus} CPUs and ${memory} of memory: with ${cpus} CPUs, choose from ${formatSizes(rows[0]!)}`,
  };
}

/** 512M -> 512, 1G -> 1024. Compose's M is 1024 x 1024 bytes. */
function mebibytes(memory: string): number {
  const units: Record<string, number> = { K: 1 / 1024, M: 1, G: 1024 };
  return Number(memory.slice(0, -1)) * units[memory.slice(-1)]!;
}

function formatSizes({ memory }: Row): string {
  const text = (size: number) => (size < GIB ? `${size}M` : `${size / GIB}G`);
  const [first, second, ...more] = memory;
  const last = more.at(-1);
  if (memory.length <= 4 || last === undefined) return memory.map(text).join(', ');
  return `${text(first!)} to ${text(last)} in steps of ${text(second! - first!)}`;
}
