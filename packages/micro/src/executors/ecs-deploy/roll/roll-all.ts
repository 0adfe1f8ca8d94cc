import { rollOrder } from '../../../deployment/order';
import { limit } from '../../../effects/limit';
import type { EcsPlan, EcsServicePlan } from '../../../ecs/service-plan';
import { linkedWithin } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { rollService } from './roll-service';

/** How many services without links between them are deployed at the same time: AWS limits how fast calls may come. */
const ROLLS = 8;

/** A service that was deployed. */
export interface Rolled {
  plan: EcsServicePlan;
  /** Of its task definition. */
  revision: number;
  /** Milliseconds. */
  took: number;
}

/** Deploys every service after the services that it consumes. */
export async function rollAll(run: Run, { services }: EcsPlan): Promise<Map<string, Rolled>> {
  const { failures, tasks, environment, clock } = run;
  const rolled = new Map<string, Rolled>();
  const inTurn = limit(ROLLS);
  const ended = new Map<string, Promise<void>>();
  const order = rollOrder(tasks.map(({ service }) => linkedWithin(environment, service)));
  for (const [service, providers] of order) {
    const plan = services.find((candidate) => candidate.service === service);
    const work = async () => {
      for (const provider of providers) await ended.get(provider);
      if (!plan || failures.has(service)) return;
      const broken = providers.find((provider) => failures.has(provider));
      if (broken !== undefined && plan.action !== 'keep') {
        const message = `${service} was not changed, because ${broken}, which it consumes, could not be deployed`;
        failures.set(service, new UserError(message));
        return;
      }
      await inTurn(() =>
        attempt(run, service, async () => {
          const started = clock.now();
          const revision = await rollService(run, plan);
          rolled.set(service, { plan, revision, took: clock.now() - started });
        }),
      );
    };
    ended.set(service, work());
  }
  await Promise.all(ended.values());
  return rolled;
}
