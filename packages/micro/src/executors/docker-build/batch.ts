import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { withTemporaryFolder } from '../../effects/files';
import { limit } from '../../effects/limit';
import { runServiceTasks, type EndedTask } from '../service-task';
import { openBakery } from './bakery';
import { finishImage } from './finish-image';
import type { DockerBuildOptions } from './options';
import { prepareImage } from './prepare-image';
import { provideImage } from './provide-image';

/** How many images are looked for at the same time: each asks the engine and perhaps a registry. */
const LOOKUPS = 8;

/**
 * Provides the images of a run from one process: each is looked for beside the others, and all that have to be built go
 * into one bake, which builds shared parts once.
 */
export default async function* dockerBuildBatch(
  taskGraph: TaskGraph,
  options: Record<string, DockerBuildOptions>,
  _overrides: DockerBuildOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  const count = Object.keys(taskGraph.tasks).length;
  const bakery = openBakery(count);
  const inTurn = limit(LOOKUPS);
  const building = new Set<string>();
  const ended = runServiceTasks(
    taskGraph,
    context,
    (task, id) =>
      withTemporaryFolder(async (folder) => {
        const image = await inTurn(() => prepareImage(task, options[id] ?? {}, folder));
        if (image.plan.kind === 'build') {
          building.add(id);
          await bakery.build(image);
        } else {
          await inTurn(() => provideImage(image));
        }
        await finishImage(image);
      }),
    // A task that waits for the bake must not keep another from being looked for.
    count,
  );
  for await (const one of ended) {
    // Also the task that failed before it could say so: the others must not wait for it.
    if (!building.has(one.task)) bakery.pass();
    yield one;
  }
}
