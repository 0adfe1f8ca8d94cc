/** A file whose content follows from the platform, beside what a person wrote into it. */
export interface DerivedFile {
  /** Relative to the workspace root, with forward slashes. */
  path: string;
  /** The content as it should be; the current one, byte for byte, where nothing drifted. */
  text: string;
  /** What was not as the platform says, in plain words; empty if the file is in sync. */
  drift: readonly string[];
}

/** How one drifted value reads: `PORT is 3001, the manifest says 3002`. */
export function formatDrift(what: string, is: string | undefined, wanted: string): string {
  return is === undefined ? `${what} is missing` : `${what} is ${is}, the manifest says ${wanted}`;
}

/** How something reads that stands in a file for no reason any more. */
export function formatStale(what: string): string {
  return `${what} is not in the manifest`;
}
