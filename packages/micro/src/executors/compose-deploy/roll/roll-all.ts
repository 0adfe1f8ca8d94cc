import { rollOrder } from '../../../deployment/order';
import type { RunPlan } from '../../../deployment/run-plan';
import { linkedWithin } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import { limit } from '../../../effects/limit';
import { type Rolled, deployOne } from '../deploy-one';
import type { EdgeSteps } from '../edge/edge-steps';
import { removeNeverStarted } from '../prepare/start-needs';
import type { Rendered } from '../prepare/render';
import { attempt } from '../../deploy-failures';
import type { Facts, Run } from '../run';

/** How many services without links between them are rolled at the same time. */
const ROLLS = 4;

/**
 * Rolls every service after the services that it consumes. In a first deploy, a service starts as soon as those serve,
 * without waiting for their `steady` time: nothing calls it yet.
 */
export async function rollAll(
  run: Run,
  rendered: Rendered | undefined,
  plan: RunPlan,
  facts: Facts,
  rolled: Map<string, Rolled>,
  edge: EdgeSteps,
): Promise<void> {
  const { failures, tasks } = run;
  const inTurn = limit(ROLLS);
  const started = new Map<string, Promise<void>>();
  const ended = new Map<string, Promise<void>>();
  const served = new Map<string, Promise<void>>();
  const isNew = (name: string) =>
    plan.services.some(({ service, plan }) => service === name && plan.kind === 'create');
  await removeNeverStarted(run, facts.containers, plan.services);
  const order = rollOrder(tasks.map(({ service }) => linkedWithin(run.environment, service)));
  for (const [service, providers] of order) {
    const one = plan.services.find((candidate) => candidate.service === service);
    let serving = () => {};
    served.set(service, new Promise((resolve) => (serving = resolve)));
    const work = async () => {
      for (const provider of providers) {
        const isFirst = isNew(service) && isNew(provider);
        await (isFirst ? served : ended).get(provider);
      }
      if (!one || failures.has(service)) return;
      const broken = providers.find((provider) => failures.has(provider));
      if (broken !== undefined && one.plan.kind !== 'keep') {
        failures.set(
          service,
          new UserError(
            `${service} was not changed, because ${broken}, which it consumes, could not be deployed`,
          ),
        );
        return;
      }
      await inTurn(() =>
        attempt(run, service, async () => {
          const work = (released?: () => Promise<void>) =>
            deployOne(run, rendered?.project, one, facts, started, { released, serving });
          rolled.set(service, await edge.around(one, work));
        }),
      );
    };
    ended.set(service, work().finally(serving));
  }
  await Promise.all(ended.values());
}
