import { timestamp } from '../../../effects/clock';
import { readReceipt, writeReceipt } from '../../../effects/receipts';
import { clusterReceiptSchema, receiptFile, type ClusterReceipt } from '../../../image/receipt';
import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import { clusterPlanDocument } from '../../../kubernetes/plan-document';
import { formatList, formatSeconds, formatStep } from '../../../terminal/step';
import type { Rolled } from '../roll/roll-all';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';

export function tellPlan({ tell, mode, tasks, repeat }: Run, plan: ClusterPlan): void {
  const document = clusterPlanDocument(plan);
  if (mode.json) return tell(JSON.stringify(document));
  formatPlan(document).forEach(tell);
  for (const one of document.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, document.environment)) task.say(line);
  }
}

const WORDS = [
  ['create', 'created'],
  ['update', 'updated'],
  ['restart', 'restarted'],
  ['change', 'changed'],
  ['watch', 'watched'],
  ['canary', 'with a canary'],
  ['keep', 'kept'],
] as const;

/** `production  done  1 updated, 2 kept  16.6 s` */
export function tellSummary(
  { tasks, failures, environment, clock, tell }: Run,
  { services }: ClusterPlan,
  begun: number,
): void {
  const failed = tasks.map(({ service }) => service.name).filter((name) => failures.has(name));
  const ended = services.filter(({ service }) => !failures.has(service));
  const counts = WORDS.flatMap(([action, word]) => {
    const count = ended.filter((one) => one.action === action).length;
    return count > 0 ? [`${count} ${word}`] : [];
  });
  if (failed.length > 0) counts.push(`${failed.length} failed (${formatList(failed)})`);
  const isSame = ended.every(({ action }) => action === 'keep');
  const verb = failed.length > 0 ? 'failed' : isSame ? 'up to date' : 'done';
  const took = formatSeconds(clock.now() - begun);
  tell(formatStep(environment.name, verb, [counts.join(', '), took].join('  ')));
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
      const { weight, key } = plan.canary;
      const what = `${weight} % of the requests in ${environment.name} (${key.slice(0, 12)})`;
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
