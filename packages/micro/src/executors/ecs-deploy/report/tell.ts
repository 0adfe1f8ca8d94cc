import { timestamp } from '../../../effects/clock';
import { readReceipt, writeReceipt } from '../../../effects/receipts';
import { ecsPlanDocument } from '../../../ecs/plan-document';
import type { EcsPlan } from '../../../ecs/service-plan';
import { ecsReceiptSchema, receiptFile, type EcsReceipt } from '../../../image/receipt';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { tellDocument } from '../../tell-deploy';
import type { Rolled } from '../roll/roll-all';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';

export function tellPlan(run: Run, plan: EcsPlan): void {
  tellDocument(run, ecsPlanDocument(plan), { formatPlan, formatService });
}

/** Says what became of each service that runs as it is declared, and leaves its receipt. */
export async function tellRolled(run: Run, rolled: ReadonlyMap<string, Rolled>): Promise<void> {
  const { tasks, failures, environment, scope } = run;
  for (const task of tasks) {
    const { name, root } = task.service;
    const done = rolled.get(name);
    if (!done || failures.has(name)) continue;
    const { plan, revision, took } = done;
    const { key, image } = plan.desired;
    const file = receiptFile(root, 'ecs-deploy', environment.name);
    const receipt: EcsReceipt = {
      ...{ kind: 'ecs-deploy', service: name, key, image, environment: environment.name },
      ...{ cluster: scope.cluster, release: revision, since: timestamp(run.clock) },
    };
    const previous = await readReceipt(run.workspaceRoot, file, ecsReceiptSchema);
    await writeReceipt(run.workspaceRoot, file, receipt, previous);
    const verb = plan.action === 'keep' ? 'kept' : 'deployed';
    const where = `r${revision} in ${environment.name}`;
    task.say(formatStep(name, verb, `${where}  ${formatSeconds(took)}`));
  }
}
