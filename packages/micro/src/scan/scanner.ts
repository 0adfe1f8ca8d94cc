import type { Command } from '../docker/command';
import type { Finding } from './finding';

export const SCANNER_NAMES = ['trivy', 'grype', 'docker-scout'] as const;
export type ScannerName = (typeof SCANNER_NAMES)[number];

/** A scanner and its database, as they are found. */
export interface ScannerState {
  version: string;
  /** Says which database it is, and changes with it; missing if it asks a service in the internet. */
  database?: string;
}

export interface ScannerPlace {
  /** Its program: a name that is on the PATH, or a path. */
  program: string;
  /** A folder with its database; nothing is downloaded then. */
  databaseFolder: string | undefined;
}

/** What a scan is about: a file relative to the workspace root, or a reference of an image on the engine. */
export type ScanSubject = { kind: 'sbom'; file: string } | { kind: 'image'; reference: string };

/** How a scanner is asked, and what its answers mean. */
export interface Scanner {
  name: ScannerName;
  /** The program that it is, or a plugin of: then the program may be there without it. */
  program: string;
  isPlugin: boolean;
  /** Brings its database up to date; missing if it has none of its own. */
  update?(place: ScannerPlace): Command;
  /** The SBOM in a form that it reads; missing if it reads CycloneDX. */
  convertSbom?(cyclonedx: string): string;
  /** Its version and the one of its database, to be run in this order. */
  state(place: ScannerPlace): readonly Command[];
  /** @throws if there is no database. */
  parseState(outputs: readonly string[]): ScannerState;
  scan(place: ScannerPlace, subject: ScanSubject): Command;
  parseFindings(output: string, foundIn: Finding['foundIn']): Finding[];
}

/** `/opt/trivy/bin/trivy` -> `trivy` */
export function programName(program: string): string {
  return program
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.exe$/, '');
}
