import { visible } from '../../platform/visible';
import { join } from 'node:path';
import {
  bakeArguments,
  bakeEnvironment,
  bakeFile,
  bakeProgress,
  type BakeTarget,
} from '../../docker/bake';
import { docker } from '../../docker/command';
import { parseComplaint } from '../../docker/error-patterns';
import { inspectImages } from '../../effects/engine';
import { withTemporaryFolder, writeWhole } from '../../effects/files';
import { formatList } from '../../terminal/step';
import { openBarrier, type Joined } from '../batch-barrier';
import { LABELS } from '../../platform/image-labels';
import { buildRequest } from './build-request';
import type { PreparedImage } from './prepare-image';
import { acceptBuild, provideImage } from './provide-image';

/** Builds the images of a batch together, once it is known of every task whether it has one to build. */
export interface Bakery {
  /** Resolves when this image is built. @throws what building it alone throws. */
  build(image: PreparedImage): Promise<void>;
  /** Says that a task has nothing to build. */
  pass(): void;
}

type Order = Joined<{ image: PreparedImage }, void>;

/** @param tasks how many tasks will either build or pass; they share one runner. */
export function openBakery(tasks: number): Bakery {
  const barrier = openBarrier<{ image: PreparedImage }, void>(tasks, (orders) => {
    for (const group of byBuilder(orders)) void bake(group);
  });
  return { build: (image) => barrier.join({ image }), pass: barrier.pass };
}

/** One bake has one builder and no arguments of a person's; what needs its own is built alone. */
function byBuilder(orders: readonly Order[]): Order[][] {
  const groups = new Map<string, Order[]>();
  orders.forEach((order, index) => {
    const { args, builder } = order.image.options;
    const name = args.length > 0 ? `alone ${index}` : `builder ${builder ?? ''}`;
    groups.set(name, [...(groups.get(name) ?? []), order]);
  });
  return [...groups.values()];
}

/**
 * Bakes a group. If one target fails, the bake ends for all. The targets that are not done by then are built one by
 * one, which is reported: those that can be built are in BuildKit's cache, and each error is reported for its own
 * service.
 */
async function bake(orders: readonly Order[]): Promise<void> {
  const waiting = new Map(
    orders.map((order, index) => [`${order.image.task.service.name}-${index}`, order]),
  );
  const refusal = orders.length > 1 ? await bakeTogether(waiting) : undefined;
  if (refusal !== undefined && waiting.size > 0) {
    const names = [...waiting.values()].map(({ image }) => image.task.service.name);
    const { say } = orders[0]!.image.task;
    say(
      `warning: one bake of ${orders.length} images failed (${refusal}); building ${formatList(names)} one by one`,
    );
  }
  for (const { image, resolve, reject } of waiting.values()) {
    await provideImage(image).then(resolve, reject);
  }
}

/**
 * Takes every image that was built out of `waiting`, as soon as it is on the engine.
 * @returns why the bake failed, if it did.
 */
async function bakeTogether(waiting: Map<string, Order>): Promise<string | undefined> {
  const targets = new Map<string, BakeTarget>();
  for (const [name, { image }] of waiting) targets.set(name, await buildRequest(image));
  const names = [...targets.keys()];
  const accept = async (name: string) => {
    const order = waiting.get(name);
    if (!order || !(await isThere(order.image))) return;
    waiting.delete(name);
    const { task, plan } = order.image;
    if (plan.kind === 'build')
      task.say(`${task.service.name}  building with others (${plan.reason})`);
    await acceptBuild(order.image).then(order.resolve, order.reject);
  };
  return withTemporaryFolder(async (folder) => {
    const file = join(folder, 'bake.json');
    await writeWhole(file, JSON.stringify(bakeFile(targets)), 0o600);
    const { task, options } = [...waiting.values()][0]!.image;
    const read = bakeProgress();
    const accepted: Promise<void>[] = [];
    const { exitCode, stderr } = await task.runner.run(
      {
        ...docker(bakeArguments(file, options.builder)),
        env: bakeEnvironment(process.env),
      },
      {
        onLine: (line) => {
          const done = read(line);
          if (done !== undefined) accepted.push(accept(done));
        },
      },
    );
    await Promise.all(accepted);
    if (exitCode !== 0) return visible(parseComplaint(stderr).reason) || `exit code ${exitCode}`;
    await Promise.all(names.map(accept));
    return undefined;
  });
}

async function isThere({ task, local, content, options }: PreparedImage): Promise<boolean> {
  if (!options.load) return true;
  const image = (await inspectImages(task.runner, [local])).get(local);
  return image?.labels[LABELS.key] === content.key.key;
}
