import type { WantedEdge } from '../../../deployment/edge-plan';
import type { ComposeConfig } from '../../../deployment/entry';
import { pullArguments } from '../../../docker/image';
import type { Publication } from '../../../edge/publication';
import { inspectImages, runDocker } from '../../../effects/engine';
import { formatStep } from '../../../terminal/step';
import type { Run } from '../run';
import { readEdgeFiles } from './read-edge';
import { wantedEdge } from './wanted-edge';

/** The edge of a run: what it publishes, and what it is for any part of that. */
export interface RunEdge {
  publications: readonly Publication[];
  of: (publications: readonly Publication[]) => WantedEdge | undefined;
}

/** @throws {UserError} with every certificate that cannot be used, and why. */
export async function readRunEdge(
  run: Run,
  config: ComposeConfig,
  publications: readonly Publication[],
): Promise<RunEdge> {
  const { environment } = run;
  const files = await readEdgeFiles({ ...run, now: new Date(run.clock.now()) });
  return {
    publications,
    of: (part) => wantedEdge({ environment, config, ...files }, part),
  };
}

/** Brings the edge's image to the engine before anything is changed. */
export async function requireEdgeImage(
  { runner, address, tell }: Run,
  { of, publications }: RunEdge,
): Promise<void> {
  const image = of(publications)?.image;
  if (image === undefined) return;
  if ((await inspectImages(runner, [image], address)).has(image)) return;
  tell(formatStep('edge', 'pulling', image));
  await runDocker(runner, pullArguments(image), address, `Could not pull ${image} for the edge`);
}
