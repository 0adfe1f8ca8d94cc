import { publicUrlOf } from '../../../deployment/entry';
import { planDocument } from '../../../deployment/plan-document';
import type { RunPlan } from '../../../deployment/run-plan';
import type { Rolled } from '../deploy-one';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';
import { type Ended, formatSummary } from './summary';

export function tellPlan({ tell, mode, tasks, repeat }: Run, plan: RunPlan): void {
  const document = planDocument(plan);
  if (mode.json) return tell(JSON.stringify(document));
  formatPlan(document).forEach(tell);
  for (const one of document.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, document.environment)) task.say(line);
  }
}

export function tellSummary(
  { tasks, failures, environment, clock, tell }: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
  begun: number,
): void {
  const ended = tasks.map(({ service: { name, port } }): Ended => {
    const plan = services.find(({ service }) => service === name)?.plan;
    const done = rolled.get(name);
    return {
      service: name,
      outcome: failures.has(name) || !plan ? 'failed' : plan.kind,
      url: done && publicUrlOf(done.desired.slice.services[name] ?? {}),
      ports: (done?.containers ?? [])
        .flatMap(({ ports }) => ports)
        .filter(({ target }) => target === port),
    };
  });
  tell(formatSummary(environment, ended, clock.now() - begun));
}
