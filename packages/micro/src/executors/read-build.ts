import { readReceipt } from '../effects/receipts';
import { buildReceiptSchema, receiptFile, type BuildReceipt } from '../image/receipt';
import { UserError } from '../platform/user-error';
import type { ServiceTask } from './service-task';

/**
 * The last build of a service's image.
 *
 * @throws {UserError} if there is none.
 */
export async function readBuild({ workspaceRoot, service }: ServiceTask): Promise<BuildReceipt> {
  const file = receiptFile(service.root, 'docker-build');
  const built = await readReceipt(workspaceRoot, file, buildReceiptSchema);
  if (built) return built;
  throw new UserError(
    `no image of "${service.name}" was built yet: run nx docker-build ${service.name}`,
  );
}
