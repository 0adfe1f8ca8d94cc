import { describeCanaryShare } from '../../../deployment/canary';
import { timestamp } from '../../../effects/clock';
import { readReceipt, writeReceipt } from '../../../effects/receipts';
import { clusterReceiptSchema, receiptFile, type ClusterReceipt } from '../../../image/receipt';
import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import { clusterPlanDocument } from '../../../kubernetes/plan-document';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { tellDocument } from '../../tell-deploy';
import type { Rolled } from '../roll/roll-all';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';

export function tellPlan(run: Run, plan: ClusterPlan): void {
  tellDocument(run, clusterPlanDocument(plan), { formatPlan, formatService });
}

/** Says what became of each service that runs as it is declared, and leaves its receipt. */
export async function tellRolled(run: Run, rolled: ReadonlyMap<string, Rolled>): Promise<void> {
  const { tasks, failures, environment, scope } = run;
  for (const task of tasks) {
    const { name, root } = task.service;
    const done = rolled.get(name);
    if (!done || failures.has(name)) continue;
    const { plan, release, took } = done;
    if (plan.canary?.action === 'start') {
      const gets = describeCanaryShare(plan.canary);
      const what = `${gets} in ${environment.name} (${plan.canary.key.slice(0, 12)})`;
      task.say(formatStep(name, 'canary', `${what}  ${formatSeconds(took)}`));
      continue;
    }
    const file = receiptFile(root, 'kubernetes-deploy', environment.name);
    const receipt: ClusterReceipt = {
      ...{ kind: 'kubernetes-deploy', service: name, key: release.key, image: release.image },
      ...{ environment: environment.name, namespace: scope.namespace, release: release.number },
      since: timestamp(run.clock),
    };
    const previous = await readReceipt(run.workspaceRoot, file, clusterReceiptSchema);
    await writeReceipt(run.workspaceRoot, file, receipt, previous);
    const verb = plan.action === 'keep' ? 'kept' : 'deployed';
    const where = `r${release.number} in ${environment.name}`;
    task.say(formatStep(name, verb, `${where}  ${formatSeconds(took)}`));
  }
}
