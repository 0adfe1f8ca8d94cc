import type { PublishedPort } from '../../../deployment/container';
import { edgeContainers, type WantedEdge } from '../../../deployment/edge-plan';
import type { ComposeConfig } from '../../../deployment/entry';
import { pullArguments } from '../../../docker/image';
import { readProjectContainers } from '../../../effects/containers';
import { listenersFor } from '../../../edge/listener';
import type { Publication } from '../../../edge/publication';
import { EngineError } from '../../../docker/engine-error';
import { inspectImages, runDocker } from '../../../effects/engine';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { readEdgeFiles } from '../../../effects/edge-files';
import { wantedEdge } from '../../../effects/wanted-edge';
import type { Run } from '../run';

/** What the edge publishes in a run, and how to build the edge for any part of it. */
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

/**
 * Pulls the edge's image before anything is changed.
 * @throws {UserError} with what to do, if it is neither on the engine nor can be pulled.
 */
export async function requireEdgeImage(
  { runner, address, tell, environment }: Run,
  { of, publications }: RunEdge,
): Promise<void> {
  const image = of(publications)?.image;
  if (image === undefined) return;
  if ((await inspectImages(runner, [image], address)).has(image)) return;
  tell(formatStep('edge', 'pulling', image));
  try {
    await runDocker(runner, pullArguments(image), address, `Could not pull ${image}`);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new UserError(
      `${error.message}\nThe edge needs this image; nothing was changed. Load it into the engine, name it in another registry with "edge: { image: registry.example.com/caddy:2 }" in ${environment.file}, or let services publish their own ports with "edge: false"`,
    );
  }
}

/** A port of the host at which the edge publishes a service. */
export interface EdgePort extends PublishedPort {
  service: string;
}

/** The ports on which the running edge publishes services. */
export async function readEdgePorts(
  { runner, address, name }: Run,
  edge: RunEdge | undefined,
): Promise<EdgePort[]> {
  if (!edge || edge.publications.length === 0) return [];
  const { container } = edgeContainers(await readProjectContainers(runner, address, name));
  return listenersFor(edge.publications).flatMap(({ target, publications }) =>
    publications.flatMap(({ service }) =>
      (container?.ports ?? [])
        .filter((port) => port.target === target)
        .map((port) => ({ ...port, service })),
    ),
  );
}
