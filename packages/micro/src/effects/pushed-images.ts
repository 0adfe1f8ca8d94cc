import { pushReceiptSchema, receiptFile, type PushReceipt } from '../image/receipt';
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
