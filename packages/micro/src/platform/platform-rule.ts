import type { ReadManifest } from './manifest';
import type { Problem } from './problem';

/** A manifest as a file of the workspace. */
export interface ManifestFile {
  /** The Nx project's name. */
  name: string;
  root: string;
  file: string;
  text: string;
}

/** A manifest that could be parsed. */
export interface Entry extends ReadManifest {
  file: ManifestFile;
}

/** What is wrong between the manifests of a workspace. */
export type Rule = (read: readonly Entry[], files: readonly ManifestFile[]) => Problem[];
