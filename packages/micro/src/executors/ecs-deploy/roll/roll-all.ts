import { rollOrder } from '../../../deployment/order';
import { limit } from '../../../effects/limit';
import type { EcsPlan, EcsServicePlan } from '../../../ecs/service-plan';
import { linkedWithin } from '../../../platform/environment';
import { revisionOf } from '../../../ecs/live-service';
import { UserError } from '../../../platform/user-error';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { finishService, rollService, takeBack, type Written } from './roll-service';

/** How many services without links between them are deployed at the same time: AWS limits how fast calls may come. */
const ROLLS = 8;

/** A service that was deployed. */
export interface Rolled {
  plan: EcsServicePlan;
  /** Of its task definition. */
  revision: number;
  /** Absent if nothing changed. */
  written?: Written | undefined;
  /** Milliseconds. */
  took: number;
}

/** Deploys every service after the services that it consumes. */
export async function rollAll(run: Run, { services }: EcsPlan): Promise<Map<string, Rolled>> {
  const { failures, tasks, environment, mode, clock } = run;
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
          const written = await rollService(run, plan);
          const revision = written ? revisionOf(written.taskDefinition) : plan.current!.revision;
          rolled.set(service, { plan, revision, written, took: clock.now() - started });
        }),
      );
    };
    ended.set(service, work());
  }
  await Promise.all(ended.values());
  if (mode.atomic) await settle(run, rolled);
  return rolled;
}

/** With --atomic, services are finished once all of them run; or all go back, consumers before their providers. */
async function settle(run: Run, rolled: ReadonlyMap<string, Rolled>): Promise<void> {
  const { failures } = run;
  const changed = [...rolled.values()].flatMap(({ plan, written }) =>
    written ? [{ plan, written }] : [],
  );
  for (const { plan, written } of changed) {
    if (failures.size === 0) {
      await attempt(run, plan.service, () => finishService(run, plan, written));
    }
  }
  if (failures.size === 0) return;
  const why = [...failures.keys()].join(', ');
  for (const { plan, written } of changed.reverse()) {
    const { service } = plan;
    const own = failures.get(service);
    const after = await takeBack(run, plan, written);
    const message = own
      ? `${own.message}\n${after}`
      : `${service} was taken back, because ${why} failed (--atomic): ${after}`;
    failures.set(service, new UserError(message));
  }
}
