import {
  buildReceiptSchema,
  pushReceiptSchema,
  receiptFile,
  type PushReceipt,
} from '../image/receipt';
import type { Platform } from '../platform/platform';
import { readReceipt } from './receipts';

/** The last pushed image of each service for an environment, by the service's name. */
export async function readPushedImages(
  workspaceRoot: string,
  { services }: Platform,
  environment: string,
): Promise<Map<string, PushReceipt>> {
  const receipts = await Promise.all(
    services.map(async ({ name, root }) => {
      const file = receiptFile(root, 'docker-push', environment);
      return [name, await readReceipt(workspaceRoot, file, pushReceiptSchema)] as const;
    }),
  );
  return new Map(receipts.flatMap(([name, push]) => (push ? [[name, push]] : [])));
}

/** The image key of the last build of each service, by the service's name. */
export async function readBuiltKeys(
  workspaceRoot: string,
  { services }: Platform,
): Promise<Map<string, string>> {
  const built = await Promise.all(
    services.map(async ({ name, root }) => {
      const file = receiptFile(root, 'docker-build');
      return [name, (await readReceipt(workspaceRoot, file, buildReceiptSchema))?.key] as const;
    }),
  );
  return new Map(built.flatMap(([name, key]) => (key === undefined ? [] : [[name, key]])));
}
