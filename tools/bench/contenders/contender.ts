import type { ServiceName } from '../application/services.js';
import type { Workspace } from '../../testing/workspace.js';

export const CONTENDER_IDS = ['nx-docker', 'nx-container', 'textbook', 'micro'] as const;
export type ContenderId = (typeof CONTENDER_IDS)[number];

/** One tool of the comparison: how to create a workspace that uses it. */
export interface Contender {
  id: ContenderId;
  /** Column of the tables: `A`, `B`, `C`, `us`. */
  column: string;
  /** Its name in the legend. */
  title: string;
  /** @param base the base image for its Dockerfiles. */
  setUp: (workspace: Workspace, base: string) => Promise<void>;
  /** The target that builds an image if needed. */
  target: string;
  /** The target that pushes an image if needed, if the tool has one that works without a release. */
  pushTarget?: string;
  /** The image on the engine that the target leaves. */
  image: (workspace: Workspace, service: ServiceName) => string;
  /** Arguments of npm to install a package for one service. */
  addPackage: (spec: string, service: ServiceName) => string[];
}
