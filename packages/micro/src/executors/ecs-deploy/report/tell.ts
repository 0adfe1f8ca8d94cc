import { timestamp } from '../../../effects/clock';
import { readReceipt, writeReceipt } from '../../../effects/receipts';
import { ecsPlanDocument } from '../../../ecs/plan-document';
import type { EcsPlan } from '../../../ecs/service-plan';
import { ecsReceiptSchema, receiptFile, type EcsReceipt } from '../../../image/receipt';
import { formatList, formatSeconds, formatStep } from '../../../terminal/step';
import type { Rolled } from '../roll/roll-all';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';

export function tellPlan({ tell, mode, tasks, repeat }: Run, plan: EcsPlan): void {
  const document = ecsPlanDocument(plan);
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
  ['change', 'changed'],
  ['keep', 'kept'],
] as const;

/** `production  done  1 updated, 2 kept  16.6 s` */
export function tellSummary(
  { tasks, failures, environment, clock, tell }: Run,
  { services }: EcsPlan,
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
