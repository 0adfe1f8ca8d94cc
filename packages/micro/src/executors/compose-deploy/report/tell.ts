import { publicUrlOf } from '../../../deployment/entry';
import { planDocument } from '../../../deployment/plan-document';
import type { RunPlan } from '../../../deployment/run-plan';
import type { Rolled } from '../deploy-one';
import type { EdgePort } from '../edge/run-edge';
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
  edge: readonly EdgePort[] = [],
): void {
  const ended = tasks.map(({ service: { name, port } }): Ended => {
    const plan = services.find(({ service }) => service === name)?.plan;
    const done = rolled.get(name);
    return {
      service: name,
      // Nothing is planned for one whose canary ends, or that has nothing to try.
      outcome: failures.has(name) ? 'failed' : (plan?.kind ?? 'keep'),
      url: done && publicUrlOf(done.desired.slice.services[name] ?? {}),
      ports: [
        ...(done?.containers ?? [])
          .flatMap(({ ports }) => ports)
          .filter(({ target }) => target === port),
        ...(done ? edge.filter((one) => one.service === name) : []),
      ],
    };
  });
  tell(formatSummary(environment, ended, clock.now() - begun));
}
