import { publicUrlOf } from '../../../deployment/entry';
import { type RunPlan, planToJson } from '../../../deployment/run-plan';
import type { Rolled } from '../deploy-one';
import type { Run } from '../run';
import { formatPlan, formatService } from './format-plan';
import { type Ended, formatSummary } from './summary';

export function tellPlan({ tell, mode, tasks, repeat }: Run, plan: RunPlan): void {
  if (mode.json) return tell(planToJson(plan));
  formatPlan(plan).forEach(tell);
  for (const one of plan.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, plan.environment)) task.say(line);
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
