import type { Manifest } from '../platform/manifest';

/** What an artifact is made of, and where it goes. */
export interface ArtifactRequest {
  workspaceRoot: string;
  /** Relative to the workspace root. */
  projectRoot: string;
  build: Manifest['build'];
  /** Where the artifact goes, relative to the workspace root. */
  outputPath: string;
}
