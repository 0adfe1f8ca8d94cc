/** How long a file took, from its first import to its last hook. */
export interface FileTime {
  project: string;
  /** Relative to the repository. */
  file: string;
  milliseconds: number;
}

const AT_MOST = 12;
const WORTH_TELLING_MS = 10_000;

/**
 * The files that a run waits for, slowest first; no line if all were quick.
 *
 *     files took 1912 s in all, the slowest of them:
 *       167 s  engine   packages/micro/src/…/interrupted.engine.spec.ts
 */
export function formatSlowestFiles(times: readonly FileTime[]): string[] {
  const slow = times
    .filter(({ milliseconds }) => milliseconds >= WORTH_TELLING_MS)
    .sort((one, other) => other.milliseconds - one.milliseconds)
    .slice(0, AT_MOST);
  if (slow.length === 0) return [];
  const all = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [
    `files took ${seconds(all)} in all, the slowest of them:`,
    ...slow.map(
      ({ project, file, milliseconds }) =>
        `  ${seconds(milliseconds).padStart(6)}  ${project.padEnd(7)}  ${file}`,
    ),
  ];
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
