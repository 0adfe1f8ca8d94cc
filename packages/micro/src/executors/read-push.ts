import { readReceipt } from '../effects/receipts';
import { keyTag } from '../image/image-key';
import {
  buildReceiptSchema,
  pushReceiptSchema,
  receiptFile,
  type BuildReceipt,
  type DeployedImage,
  type PushReceipt,
} from '../image/receipt';
import { imageSource, type AnyEnvironment } from '../platform/environment';
import { serviceRepository } from '../platform/image-reference';
import { UserError } from '../platform/user-error';
import { leaveLocalReceipt, localImage } from './local-image';
import { requireRunnable } from './require-runnable';
import type { ServiceTask } from './service-task';

/**
 * The last push of a service for an environment.
 *
 * @throws {UserError} if there is none, or if it went to another registry than the environment's.
 */
export async function readPush(
  { workspaceRoot, platformName, service }: ServiceTask,
  environment: AnyEnvironment,
): Promise<PushReceipt> {
  const source = imageSource(environment);
  const file = receiptFile(service.root, 'docker-push', environment.name);
  const receipt = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  const push = `run nx docker-push ${service.name} -c ${environment.name}`;
  if (!receipt) {
    throw new UserError(
      `no image of "${service.name}" was pushed for ${environment.name} yet: ${push}`,
    );
  }
  if (receipt.kind !== source.kind) {
    throw new UserError(
      `${environment.file} runs ${source.kind} images, but the last one of "${service.name}" is ${receipt.kind}: ${push}`,
    );
  }
  const repository =
    source.kind === 'pushed' && serviceRepository(platformName, service.name, source.registry);
  if (repository && !receipt.image.startsWith(`${repository}:`)) {
    throw new UserError(
      `${environment.file} names the registry ${environment.registry}, but ${receipt.image} is not in it: ${push}`,
    );
  }
  return receipt;
}

/**
 * What a deploy runs: the last push, or the last build where nothing is pushed. A plan shows what the whole command would
 * do, and nothing is pushed for it: if the last build is another image, that one.
 *
 * @throws {UserError} as {@link readPush}, or if the environment could not run the build.
 */
export async function readDeployed(
  task: ServiceTask,
  environment: AnyEnvironment,
  { plan }: { plan: boolean },
): Promise<DeployedImage> {
  const { workspaceRoot, platformName, service } = task;
  const source = imageSource(environment);
  if (!plan && source.kind === 'pushed') return readPush(task, environment);
  const read = receiptFile.bind(undefined, service.root);
  const built = await readReceipt(workspaceRoot, read('docker-build'), buildReceiptSchema);
  if (!built) return readPush(task, environment);
  if (source.kind === 'local') return readLocal(task, environment, built, { plan });
  const repository = serviceRepository(platformName, service.name, source.registry);
  const image = `${repository}:${keyTag(built.key)}`;
  const file = read('docker-push', environment.name);
  const push = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  return push?.kind === 'pushed' && push.image === image && push.key === built.key
    ? push
    : { kind: 'unpushed', key: built.key, image };
}

/** Does what `docker-push` would do for such an environment; it does not run before a deploy if no environment has a registry. */
async function readLocal(
  task: ServiceTask,
  environment: AnyEnvironment,
  built: BuildReceipt,
  { plan }: { plan: boolean },
): Promise<DeployedImage> {
  // Without a declared platform, the engine itself is compared as soon as the image is looked for.
  if (environment.platform !== undefined) await requireRunnable(task, built, environment);
  const image = localImage(task, environment, built);
  if (!plan) await leaveLocalReceipt(task, image);
  return image;
}
