import { tagArguments } from '../../docker/image';
import { timestamp } from '../../effects/clock';
import { inspectImages, runDocker, type LocalImage } from '../../effects/engine';
import { writeReceipt } from '../../effects/receipts';
import { type ImageKey } from '../../image/image-key';
import { LABELS } from '../../platform/image-labels';
import { receiptFile, type BuildReceipt } from '../../image/receipt';
import { UserError } from '../../platform/user-error';
import { formatBytes, formatSeconds, formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';
import { localReferences } from './build-request';
import { readImageSize } from './image-size';
import type { BuildPlan } from './plan';
import type { PreparedImage } from './prepare-image';

/** Tags the image that is there now, leaves the receipt and says what was done. */
export async function finishImage(prepared: PreparedImage): Promise<void> {
  const { task, options, platforms, content, plan, local, remote, previous, started } = prepared;
  const { key, baseImages } = content;
  const image = await imageHere(prepared);
  const localTags = localReferences(prepared);
  if (image) await tagImage(task, image, local, localTags);
  const size = image
    ? await readImageSize(task.runner, image, baseImages, platforms)
    : { total: 0 };
  const receipt: BuildReceipt = {
    kind: 'docker-build',
    service: task.service.name,
    key: key.key,
    image: image ? local : remote!,
    imageId: image?.id ?? '',
    tags: image ? localTags : [],
    platforms: [...platforms.target],
    size,
    parts: key.parts,
    since: timestamp(task.clock),
  };
  const file = receiptFile(task.service.root, 'docker-build');
  await writeReceipt(task.workspaceRoot, file, receipt, previous);
  const over =
    size.base === undefined ? '' : `  ${formatBytes(size.total - size.base)} over its base`;
  const where = image || options.push ? '' : '  in the registry';
  task.say(
    formatStep(
      task.service.name,
      VERBS[plan.kind],
      `${receipt.image}${over}${where}  ${formatSeconds(task.clock.now() - started)}`,
    ),
  );
}

const VERBS: Record<BuildPlan['kind'], string> = {
  found: 'up to date',
  pull: 'pulled',
  build: 'built',
};

/** The image on the engine that the receipt will name; `undefined` if it stays in the registry. */
async function imageHere(prepared: PreparedImage): Promise<LocalImage | undefined> {
  const { task, options, content, plan, onEngine, local } = prepared;
  if (!options.load) return undefined;
  if (plan.kind !== 'found') return requireImage(task, local, content.key);
  return plan.where === 'engine' ? onEngine : undefined;
}

/** @throws if the engine does not have it. */
async function requireImage(
  { runner }: ServiceTask,
  reference: string,
  key: ImageKey,
): Promise<LocalImage> {
  const image = (await inspectImages(runner, [reference])).get(reference);
  if (!image) {
    throw new UserError(
      `${reference} was built but is not on the engine: a builder with its own storage needs "load": true and no other output in "args"`,
    );
  }
  if (image.labels[LABELS.key] !== key.key) {
    throw new UserError(
      `${reference} has another image key: another build moved the tag; run this again`,
    );
  }
  return image;
}

async function tagImage(
  { runner }: ServiceTask,
  image: LocalImage,
  reference: string,
  tags: readonly string[],
): Promise<void> {
  for (const tag of tags.filter((name) => !image.tags.includes(name))) {
    await runDocker(runner, tagArguments(reference, tag), {}, `Could not tag ${tag}`);
  }
}
