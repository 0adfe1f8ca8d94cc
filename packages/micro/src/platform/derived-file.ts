/** A file that is derived from the platform, and that may also contain what a person wrote. */
export interface DerivedFile {
  /** Relative to the workspace root, with forward slashes. */
  path: string;
  /** The content as it should be. If nothing drifted, it is the current content, byte for byte. */
  text: string;
  /** What differed from the platform, in plain words; empty if nothing did. */
  drift: readonly string[];
}

/** The message for a value that drifted: `PORT is 3001, the manifest says 3002`. */
export function formatDrift(what: string, is: string | undefined, wanted: string): string {
  return is === undefined ? `${what} is missing` : `${what} is ${is}, the manifest says ${wanted}`;
}

/** The message for something in a file that has no reason any more. */
export function formatStale(what: string): string {
  return `${what} is not in the manifest`;
}
