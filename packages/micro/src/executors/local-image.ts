import { readReceipt, writeReceipt } from '../effects/receipts';
import { timestamp } from '../effects/clock';
import {
  pushReceiptSchema,
  receiptFile,
  type BuildReceipt,
  type PushReceipt,
} from '../image/receipt';
import type { AnyEnvironment } from '../platform/environment';
import type { ServiceTask } from './service-task';

/** The image of a build, as an environment runs it whose engine built it: nothing is pushed. */
export function localImage(
  { service, clock }: Pick<ServiceTask, 'service' | 'clock'>,
  { name }: Pick<AnyEnvironment, 'name'>,
  { key, image, imageId }: BuildReceipt,
): PushReceipt {
  const since = timestamp(clock);
  return { kind: 'local', service: service.name, key, environment: name, image, imageId, since };
}

/** Leaves the receipt that a push leaves, for what compares later: `micro status`, the next deploy. */
export async function leaveLocalReceipt(task: ServiceTask, image: PushReceipt): Promise<void> {
  const { workspaceRoot, service } = task;
  const file = receiptFile(service.root, 'docker-push', image.environment);
  const previous = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  await writeReceipt(workspaceRoot, file, image, previous);
}
