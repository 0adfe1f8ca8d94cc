import { formatList, formatSeconds, formatStep } from '../terminal/step';
import type { DeployMode } from './deploy-options';
import type { DeployRequest, Failures } from './deploy-request';

/** A deploy to Kubernetes or ECS, as far as lines about it need it. */
interface ToldRun extends DeployRequest {
  mode: DeployMode;
  environment: { readonly name: string };
  failures: Failures;
}

/** How a plan is shown to a person. */
interface PlanFormat<Document, Planned> {
  formatPlan: (document: Document) => readonly string[];
  /** The lines of one service. */
  formatService: (service: Planned, environment: string) => readonly string[];
}

/** Tells a plan as JSON or in lines, and again to the services whose tasks show their own output. */
export function tellDocument<
  Planned extends { service: string },
  Document extends { environment: string; services: readonly Planned[] },
>(
  { tell, mode, tasks, repeat }: ToldRun,
  document: Document,
  { formatPlan, formatService }: PlanFormat<Document, Planned>,
): void {
  if (mode.json) return tell(JSON.stringify(document));
  formatPlan(document).forEach(tell);
  for (const one of document.services.filter(({ service }) => repeat?.has(service))) {
    const task = tasks.find(({ service }) => service.name === one.service)!;
    for (const line of formatService(one, document.environment)) task.say(line);
  }
}

/** What became of services, by what was planned for them; ECS has no restarts, watches and canaries. */
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
  { tasks, failures, environment, clock, tell }: ToldRun,
  services: readonly { readonly service: string; readonly action: string }[],
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
