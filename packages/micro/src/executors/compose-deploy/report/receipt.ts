import type { Container } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import { timestamp } from '../../../effects/clock';
import { readReceipt, writeReceipt } from '../../../effects/receipts';
import { type DeployReceipt, deployReceiptSchema, receiptFile } from '../../../image/receipt';
import type { ServiceTask } from '../../service-task';
import type { Run } from '../run';

export async function leaveReceipt(
  { workspaceRoot, environment, clock }: Run,
  { service }: ServiceTask,
  { key, image }: DesiredState,
  containers: readonly Container[],
): Promise<void> {
  const file = receiptFile(service.root, 'compose-deploy', environment.name);
  const previous = await readReceipt(workspaceRoot, file, deployReceiptSchema);
  const deployed: DeployReceipt = {
    kind: 'compose-deploy',
    service: service.name,
    key,
    environment: environment.name,
    image,
    containers: containers.map(({ id }) => id),
    since: timestamp(clock),
  };
  await writeReceipt(workspaceRoot, file, deployed, previous);
}
