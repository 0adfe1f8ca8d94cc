import type { ServiceName } from '../application/services.js';
import type { Workspace } from '../../testing/workspace.js';

export const CONTENDER_IDS = ['nx-docker', 'nx-container', 'textbook', 'micro'] as const;
export type ContenderId = (typeof CONTENDER_IDS)[number];

/** One of those who are compared: how to get a workspace that is set up with it. */
export interface Contender {
  id: ContenderId;
  /** Column of the tables: `A`, `B`, `C`, `us`. */
  column: string;
  /** What stands in the legend. */
  title: string;
  /** @param base reference of the base image that its Dockerfiles are to name. */
  setUp: (workspace: Workspace, base: string) => Promise<void>;
  /** The target that makes sure of an image. */
  target: string;
  /** The target that makes sure of an image in the registry, if the tool has one that runs without a release. */
  pushTarget?: string;
  /** The image that the target leaves, on the engine. */
  image: (workspace: Workspace, service: ServiceName) => string;
  /** Arguments of npm for a package that one service gets. */
  addPackage: (spec: string, service: ServiceName) => string[];
}
